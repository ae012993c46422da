import type { Payload } from '../payload';

/** Where a contender works. */
export interface Target {
  readonly url: string;
  /** Queues that no other measurement has. Those who know one queue only take the first. */
  readonly queues: readonly [string, ...string[]];
}

export interface Sender {
  /** Resolves once the message is as safe as `durability` says. Messages go to the queues in turn. */
  readonly send: (payload: Payload) => Promise<unknown>;
  /** Many at once, where the contender has a call for that. */
  readonly sendMany?: (payloads: readonly Payload[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Stands for the work of a task. */
export type Handler = (payload: Payload) => void | Promise<void>;

export interface Receiver {
  /** Settles what has been handled, then disconnects. */
  readonly close: () => Promise<void>;
}

export interface Durability {
  /** What a message survives once `send` has resolved. */
  readonly enqueue: string;
  /** What becomes of a message whose handler fails or whose process dies. */
  readonly consume: string;
}

/**
 * One way to send and receive tasks, written as its own documentation shows. A measurement is a process of its own that
 * loads one contender only; the sender's messages are the receiver's backlog.
 */
export interface Contender {
  readonly label: string;
  /** The version of the package that does its work. */
  readonly version: string;
  readonly durability: Durability;
  /** Makes the queues where they are missing. */
  openSender(target: Target): Promise<Sender>;
  /** @param concurrency - tasks at the same time in each queue; the prefetch where there is one. */
  openReceiver(target: Target, handler: Handler, concurrency: number): Promise<Receiver>;
  /** Removes its queues. @returns how many messages they still held. */
  removeQueues(target: Target): Promise<number>;
}

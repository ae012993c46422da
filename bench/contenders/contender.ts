import type { Payload } from '../payload';

export const WORKLOADS = ['enqueue', 'consume'] as const;
/** `enqueue`: awaited, with a window in flight. `consume`: drain a backlog of tasks that do nothing. */
export type Workload = (typeof WORKLOADS)[number];

/** Where a contender works. */
export interface Target {
  readonly url: string;
  /** A queue that no other measurement has. */
  readonly queue: string;
}

export interface Sender {
  /** Resolves once the message is as safe as `durability` says. */
  readonly send: (payload: Payload) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export interface Receiver {
  /** Settles what has been handled, then disconnects. */
  readonly close: () => Promise<void>;
}

/**
 * One way to send and receive tasks, written as its own documentation shows. A measurement is a process of its own that
 * loads one contender only; the sender's messages are the receiver's backlog.
 */
export interface Contender {
  readonly label: string;
  /** The version of the package that does its work. */
  readonly version: string;
  /** What a message survives at the moment that is measured. */
  readonly durability: Readonly<Record<Workload, string>>;
  /** Makes the queue where it is missing. */
  openSender(target: Target): Promise<Sender>;
  /** Calls `onTask` for each task, in place of work. */
  openReceiver(target: Target, onTask: () => void): Promise<Receiver>;
  /** Removes its queues. @returns how many messages they still held. */
  removeQueues(target: Target): Promise<number>;
}

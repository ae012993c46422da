import type { ContenderName } from '../contenders';
import type { Target } from '../contenders/contender';
import type { Figures } from '../results/sample';

interface ContenderJob {
  readonly contender: ContenderName;
  readonly target: Target;
  /** Measured messages; `warmUp` more go before them. */
  readonly messages: number;
  readonly warmUp: number;
}

/** Awaited one by one, with a window in flight. */
export interface EnqueueJob extends ContenderJob {
  readonly kind: 'enqueue';
  readonly payloadBytes: number;
}

/** Awaited in batches of one call each. */
export interface EnqueueManyJob extends ContenderJob {
  readonly kind: 'enqueueMany';
}

/** Drains a backlog. */
export interface ConsumeJob extends ContenderJob {
  readonly kind: 'consume';
  readonly concurrency: number;
  /** How long a handler works, which is waiting. 0: it does nothing, at once. */
  readonly handlerMs: number;
}

/** Sends at an even rate, with the time of sending in the payload. `undefined`: as fast as the window lets it. */
export interface PaceJob extends ContenderJob {
  readonly kind: 'pace';
  readonly perSecond: number | undefined;
}

/** Receives what a `pace` job sends, and takes the time from sending to the start of the handler. */
export interface LatencyJob extends ContenderJob {
  readonly kind: 'latency';
}

/** Warren's tasks that fail once, each tried again after a second. They have been enqueued before. */
export interface RetriesJob {
  readonly kind: 'retries';
  readonly target: Target;
  readonly messages: number;
}

/** Messages that take one hop of the delay ladder, published and received with as little else as possible. */
export interface HopsJob {
  readonly kind: 'hops';
  readonly target: Target;
  readonly messages: number;
}

/** Starts a Warren app of many queues, then does nothing for a while. */
export interface StartUpJob {
  readonly kind: 'startUp';
  readonly url: string;
  /** The names of its queues begin with it. */
  readonly prefix: string;
  readonly queues: number;
  readonly tasks: number;
  /** 0: stops at once. */
  readonly idleSeconds: number;
  /** Its own queues, exchanges and the delay ladder. */
  readonly removeBefore: boolean;
  readonly removeAfter: boolean;
}

/** Makes payloads into instances of their class and validates them; no broker has part in it. */
export interface ValidateJob {
  readonly kind: 'validate';
  readonly payload: 'flat' | 'nested';
  /** Warren's compiled check, or class-transformer and class-validator as their documentation calls them. */
  readonly by: 'warren' | 'libraries';
  readonly messages: number;
  readonly warmUp: number;
}

/** What one process is asked to measure. */
export type Job =
  | EnqueueJob
  | EnqueueManyJob
  | ConsumeJob
  | PaceJob
  | LatencyJob
  | RetriesJob
  | HopsJob
  | StartUpJob
  | ValidateJob;

/** What the process says: that it receives now, how far it is, from 0 to 1, and in the end what it found. */
export type JobMessage = { readonly receives: true } | { readonly progress: number } | { readonly figures: Figures };

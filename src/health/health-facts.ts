import type { ConnectionState, SubscriptionState } from '../broker/broker';
import type { FastPath } from '../broker/capabilities';

/** What became of the last question to the broker. Times are milliseconds of a clock that never jumps. */
export interface RoundTrip {
  /** When it was asked and is not answered yet. */
  readonly pendingSince: number | undefined;
  /** Why the last answer was none; `undefined` where it was one, or none has come yet. */
  readonly failure: string | undefined;
}

export interface ConnectionFacts {
  readonly name: string;
  readonly state: ConnectionState;
  /** Since when. */
  readonly since: number;
  /** Why it was lost, as told last. */
  readonly error: string | undefined;
  /** Of the connection that publishes. */
  readonly roundTrip: RoundTrip | undefined;
}

export interface ConsumerFacts {
  readonly queue: string;
  /** Whether it should consume: it was asked to, and not to pause. */
  readonly wanted: boolean;
  /** `undefined` where there is none yet, or none any more. */
  readonly state: SubscriptionState | undefined;
  readonly since: number | undefined;
  readonly error: string | undefined;
  readonly running: number;
  readonly overdue: number;
  readonly concurrency: number;
  /** Since when every slot is overdue, without a break. */
  readonly stuckSince: number | undefined;
  readonly roundTrip: RoundTrip | undefined;
}

/** A time in which the event loop did not turn. */
export interface LoopBlock {
  readonly ms: number;
  readonly endedAt: number;
}

export interface HealthFacts {
  readonly app: 'created' | 'starting' | 'started' | 'stopping' | 'stopped';
  readonly connections: readonly ConnectionFacts[];
  readonly consumers: readonly ConsumerFacts[];
  /** The last one that is worth telling. */
  readonly loopBlock: LoopBlock | undefined;
  readonly fastPath: FastPath | undefined;
}

import type { ConnectionState, SubscriptionState } from '../broker/broker';
import type { FastPath } from '../broker/capabilities';

/** Why an app is not quite well. Stable: for programs. */
export type HealthReasonCode =
  | 'app-not-started'
  | 'app-stopping'
  | 'app-stopped'
  | 'connection-lost'
  | 'connection-silent'
  | 'connection-blocked'
  | 'not-consuming'
  | 'consumer-silent'
  | 'slots-stuck'
  | 'loop-blocked';

export interface HealthReason {
  readonly code: HealthReasonCode;
  /**
   * What it costs. `live`: only a restart mends it, and the app is not ready either; `ready`: work stands still and comes
   * back by itself; `nothing`: the app works, and somebody should look.
   */
  readonly costs: 'live' | 'ready' | 'nothing';
  /** For people; may change. */
  readonly message: string;
}

export interface ConnectionHealth {
  readonly name: string;
  readonly state: ConnectionState;
  /** Whether it does what it is for. `blocked` is no fault of its own. */
  readonly healthy: boolean;
}

/** What a consumer does, or `starting` before it has begun and `paused` by `app.pause()`. */
export type ConsumerState = SubscriptionState | 'starting' | 'paused';

export interface ConsumerHealth {
  readonly queue: string;
  readonly state: ConsumerState;
  /** Whether tasks of this queue can be run. One that is paused was asked to rest: it is healthy. */
  readonly healthy: boolean;
  /** Slots that are taken. */
  readonly running: number;
  /** Of those, how many by handlers that have outlived their task's timeout and still run. */
  readonly overdue: number;
  /** Slots there are. */
  readonly concurrency: number;
}

/** How an app is at a moment; frozen. */
export interface AppHealth {
  /** `false`: only a restart of the process mends it. */
  readonly live: boolean;
  /** `false`: it cannot do its work now. */
  readonly ready: boolean;
  /** Whether somebody should look though it works: no more than a broker that blocks, say. */
  readonly degraded: boolean;
  /** Everything that is not as it should be; empty where all is well. */
  readonly reasons: readonly HealthReason[];
  readonly connections: readonly ConnectionHealth[];
  /** Whether plain messages take the short way past amqplib, and why not. `undefined` on the embedded broker. */
  readonly fastPath: FastPath | undefined;
  /** One for each queue that this app runs tasks of, and one for its suspects. */
  readonly consumers: readonly ConsumerHealth[];
}

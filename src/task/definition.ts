import type { ClassType } from './class-type';
import type { PayloadType } from './payload-type';
import type { RetryPolicy } from './retry-policy';
import type { ScheduleDefinition } from './schedule';

/** The method that does a task's work. */
export interface TaskHandler {
  readonly type: ClassType;
  readonly method: string | symbol;
  /** `EmailTasks.sendVerification`, for people. */
  readonly label: string;
}

/** A task as a worker runs it: everything resolved and checked. */
export interface TaskDefinition {
  readonly name: string;
  readonly queue: string;
  readonly payload: PayloadType;
  readonly retry: RetryPolicy;
  /** How long one attempt may run, in milliseconds; 0: no limit. */
  readonly timeoutMs: number;
  /** Routing keys of foreign messages that this task takes, with `*` and `#` as in topic bindings. */
  readonly routingKeys: readonly string[];
  /** When it runs by itself. */
  readonly schedules: readonly ScheduleDefinition[];
  readonly handler: TaskHandler;
}

export type QueueType = 'quorum' | 'classic';
export type ExchangeType = 'topic' | 'direct' | 'fanout' | 'headers';

/** A binding of a home queue to an exchange of others. */
export interface QueueBinding {
  readonly exchange: string;
  readonly type: ExchangeType;
  readonly routingKey: string;
  /** Whether the exchange is declared (durable) or must exist already. */
  readonly declare: boolean;
}

/** A home queue as it is declared and consumed: everything resolved and checked. */
export interface QueueDefinition {
  readonly name: string;
  readonly type: QueueType;
  /** Tasks that run at the same time in one worker: 1 to 10,000. */
  readonly concurrency: number;
  /** Deliveries that the broker may have outstanding at this worker, at least `concurrency`. */
  readonly prefetch: number;
  readonly bindings: readonly QueueBinding[];
  /** Deaths of a worker over one task before it is dead-lettered: 2 to 15. */
  readonly maxCrashes: number;
  /** Classic queues only: `x-max-priority`, 1 to 255; `undefined`: none. Quorum queues have priorities without it. */
  readonly maxPriority: number | undefined;
}

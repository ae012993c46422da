import type { ExchangeType, QueueType } from '../task/definition';
import type { TaskDefaults } from './task-options';

/** A binding of a queue to an exchange of others. */
export interface QueueBindingOption {
  /** The exchange's name. */
  readonly exchange: string;
  /** Its type, which must be the one that it has on the broker. */
  readonly type: ExchangeType;
  /**
   * What it lets in, one key or several, with `*` and `#` for a topic exchange; at most 255 bytes each. Needed for `topic`
   * and `direct`.
   * @defaultValue `''` for `fanout` and `headers`
   */
  readonly routingKey?: string | readonly string[];
  /**
   * Whether the exchange is declared (durable); else it must exist.
   * @defaultValue `true`; `false` for the broker's own `amq.*`
   */
  readonly declare?: boolean;
}

/**
 * What `@TaskQueue` may be told: about the queue, and defaults for the tasks of the class. Where several classes share
 * one queue, what they say about it is put together and must not differ; their defaults for tasks stay their own.
 */
export interface TaskQueueOptions extends TaskDefaults {
  /**
   * Tasks of this queue that run at the same time in one worker: 1 to 10,000.
   * @defaultValue 10
   */
  readonly concurrency?: number;
  /**
   * Deliveries that the broker may have outstanding at one worker: `concurrency` to 65,535. More keeps short tasks busy,
   * fewer shares out long ones fairly.
   * @defaultValue `concurrency`
   */
  readonly prefetch?: number;
  /**
   * A classic queue is not replicated and counts no failed deliveries.
   * @defaultValue `'quorum'`
   */
  readonly type?: QueueType;
  /**
   * How often a task may have been out when its worker died, or lost its connection, before it goes to the dead-letter
   * queue as `crash-loop`: 2 to 15. The last time it runs alone. The retry policy does not count such ends.
   * @defaultValue 3
   */
  readonly maxCrashes?: number;
  /**
   * Exchanges of others whose messages this queue gets.
   * @defaultValue none
   */
  readonly bindings?: readonly QueueBindingOption[];
  /**
   * The highest priority that a classic queue knows: 1 to 255. Quorum queues have priorities without it.
   * @defaultValue none
   */
  readonly maxPriority?: number;
}

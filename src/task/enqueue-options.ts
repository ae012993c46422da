import type { Duration } from '../time/duration';

/** How one task is enqueued. */
export interface EnqueueOptions {
  /** Waits in the broker before it is delivered: 0 to 8.5 years, kept to 125 ms, never early. Not together with `runAt`. */
  readonly delay?: Duration;
  /**
   * Delivered at this instant; one that has passed means now. A `Date`, milliseconds since 1970, or an ISO 8601 text. A text with a
   * time and without an offset (`2030-01-01T09:00`) counts in the time zone of the sending process; a date alone is midnight UTC.
   */
  readonly runAt?: Date | number | string;
  /**
   * 0 (as a task without one) to 255; higher goes first, and never later than a task without one. Quorum queues have 27 levels
   * above 0 since RabbitMQ 4.3 (more counts as 27), one in 4.0 to 4.2, none before: there it is ignored.
   * Given up when the task is delayed or retried.
   */
  readonly priority?: number;
  /** A task that was not started this long after it was enqueued goes to the dead-letter queue as `expired`. Longer than `delay`. */
  readonly expiresIn?: Duration;
  /** The task's id, 1 to 255 bytes: give your own to make enqueuing again recognisable. @defaultValue a UUID of version 7: the millisecond, then random */
  readonly id?: string;
  /** Carried along, 1 to 255 bytes. */
  readonly correlationId?: string;
  /** Your own headers: at most 16 KiB, no names of Warren's (`warren-…`) or the broker's (`x-death`, `CC`, …). */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** How long until the broker must have confirmed, in total. @defaultValue the app's `publishTimeout` */
  readonly timeout?: Duration;
}

/** What is known of one queue, from what runs here and from looking at it now and then. */
export interface QueueSight {
  /** Tasks that are ready. */
  readonly ready: number;
  /** When the task that was started last was ready to run; milliseconds since 1970. */
  readonly lastStartedReadyAt: number | undefined;
  /** When the queue was last seen empty. */
  readonly lastEmptyAt: number | undefined;
  /** Since when it is looked at. */
  readonly watchedSince: number;
}

/**
 * How long the oldest ready task has waited, at most; milliseconds.
 *
 * AMQP has no way to look at a message and leave it alone: `basic.get` and a requeue count as a delivery, and before
 * RabbitMQ 4.3 as a failed one. But a queue gives out what came first: whatever stands in it was ready after the task that
 * was started last, and after the queue was last empty. Where nothing is known of either, it waits at least since somebody looks.
 */
export function oldestAgeMs({ ready, lastStartedReadyAt, lastEmptyAt, watchedSince }: QueueSight, now: number): number {
  if (ready === 0) return 0;
  const known = [lastStartedReadyAt, lastEmptyAt].filter((instant) => instant !== undefined);
  return Math.max(0, now - (known.length === 0 ? watchedSince : Math.max(...known)));
}

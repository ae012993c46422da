/** What stands in the queues at the end, read by plain amqplib. */
export interface Leftovers {
  /** Of the dead-letter queue: how many messages a task has there, and the reason that the first one names. */
  readonly dead: ReadonlyMap<number, { readonly copies: number; readonly reason: string }>;
  /** Tasks in the home queue, on the delay ladder and in the unrouted queue. */
  readonly queued: ReadonlySet<number>;
  /** Messages that no task of this soak has sent. */
  readonly foreign: number;
  /** Messages that the broker counts and does not hand out: its own dead-lettering holds them back. */
  readonly held: number;
}

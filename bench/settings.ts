/** What every contender gets alike. */
export const SETTINGS = Object.freeze({
  /** Messages on their way to the broker at a time. */
  inFlight: 1_000,
  /** Tasks at a time: deliveries that the broker may have outstanding at the consumer. */
  concurrency: 100,
  /** Bytes of a payload as JSON. */
  payloadBytes: 300,
  /** Items of one call that enqueues many. */
  batch: 1_000,
});

/**
 * Messages that a process handles before it is measured, so that its code is compiled and its sockets are open: as many
 * again where few are measured, 5,000 at most.
 */
export const warmUpFor = (messages: number): number => Math.min(5_000, Math.ceil(messages / 4));

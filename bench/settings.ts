/** What every contender gets alike. */
export const SETTINGS = Object.freeze({
  /** Messages on their way to the broker at a time. */
  inFlight: 1_000,
  /** Deliveries that the broker may have outstanding at the consumer. */
  prefetch: 100,
  /** Bytes of a payload as JSON. */
  payloadBytes: 300,
  /** Messages that a process handles before it is measured, so that its code is compiled and its sockets are open. */
  warmUp: 5_000,
});

/** A timer that can be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. The worker, the client and the embedded broker ask it and nothing else. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now. Delays beyond 2^31-1 ms are waited for in steps. */
  schedule(callback: () => void, delayMs: number): Timer;
}

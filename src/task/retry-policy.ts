/** How much of a delay is left to chance. `none`: all of it is sure; `equal`: half; `full`: anything from 0 to the delay. */
export type Jitter = 'none' | 'equal' | 'full';

/** What a custom backoff is told. */
export interface BackoffInput {
  /** The attempt that has just failed, 1-based. */
  readonly attempt: number;
  /** What the handler threw. */
  readonly error: unknown;
}

/** How long to wait after a failed attempt, before jitter. All values are milliseconds. */
export type Backoff =
  | { readonly kind: 'fixed'; readonly delayMs: number; readonly maxMs: number; readonly jitter: Jitter }
  | { readonly kind: 'linear'; readonly stepMs: number; readonly maxMs: number; readonly jitter: Jitter }
  | {
      readonly kind: 'exponential';
      readonly baseMs: number;
      readonly factor: number;
      readonly maxMs: number;
      readonly jitter: Jitter;
    }
  | {
      readonly kind: 'custom';
      readonly delay: (input: BackoffInput) => number;
      readonly maxMs: number;
      readonly jitter: Jitter;
    };

/** Which errors a rule is about. */
export type ErrorMatcher =
  | { readonly kind: 'class'; readonly type: abstract new (...args: never[]) => unknown }
  | { readonly kind: 'predicate'; readonly test: (error: unknown) => boolean };

/** What happens to the errors that a rule matches: other numbers, or the dead-letter queue at once. */
export type RetryRule =
  | { readonly match: ErrorMatcher; readonly then: 'fail' }
  | {
      readonly match: ErrorMatcher;
      readonly then: 'retry';
      readonly maxAttempts: number | undefined;
      readonly backoff: Backoff | undefined;
    };

/** A task's resolved retry policy. */
export interface RetryPolicy {
  /** Attempts in all, the first included: 1 to 1,000. */
  readonly maxAttempts: number;
  /** No new attempt is planned to begin later than this after the first one began; `undefined`: no such limit. */
  readonly maxElapsedMs: number | undefined;
  readonly backoff: Backoff;
  /** The first rule that matches decides. */
  readonly rules: readonly RetryRule[];
}

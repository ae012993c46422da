import { assertNever } from '../errors/assert-never';
import type { Backoff, BackoffInput, Jitter } from '../task/retry-policy';

/** What a custom backoff falls back to when it throws or answers something that is no delay. */
const FALLBACK_DELAY_MS = 1_000;

/**
 * How long to wait after a failed attempt, in milliseconds.
 *
 * With `d` the delay before jitter: `none` gives `d`, `equal` between `d/2` and `d`, `full` between 0 and `d`
 * (names and formulas: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param random - a number in [0, 1).
 */
export function computeDelay(backoff: Backoff, input: BackoffInput, random: number): number {
  const delayMs = Math.min(baseDelay(backoff, input), backoff.maxMs);
  return Math.round(jittered(delayMs, backoff.jitter, random));
}

function baseDelay(backoff: Backoff, input: BackoffInput): number {
  switch (backoff.kind) {
    case 'fixed':
      return backoff.delayMs;
    case 'linear':
      return backoff.stepMs * input.attempt;
    case 'exponential':
      // Infinity for late attempts; the cap makes it finite again.
      return backoff.baseMs * backoff.factor ** (input.attempt - 1);
    case 'custom':
      return customDelay(backoff.delay, input);
    default:
      return assertNever(backoff);
  }
}

/** A user's function may throw or answer anything; a retry must come of it all the same. */
function customDelay(delay: (input: BackoffInput) => number, input: BackoffInput): number {
  try {
    const answer = delay(input);
    return typeof answer === 'number' && answer >= 0 ? answer : FALLBACK_DELAY_MS;
  } catch {
    return FALLBACK_DELAY_MS;
  }
}

function jittered(delayMs: number, jitter: Jitter, random: number): number {
  switch (jitter) {
    case 'none':
      return delayMs;
    case 'equal':
      return delayMs / 2 + (delayMs / 2) * random;
    case 'full':
      return delayMs * random;
  }
}

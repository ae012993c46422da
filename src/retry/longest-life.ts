import type { RetryPolicy } from '../task/retry-policy';
import { computeDelay } from './compute-delay';

/**
 * How long a task can take from its first attempt to its last, when each runs into its timeout, in milliseconds.
 *
 * @param timeoutMs - of one attempt; 0: no limit.
 * @param capMs - the answer where there is no limit, and at most.
 */
export function longestLife({ maxAttempts, backoff }: RetryPolicy, timeoutMs: number, capMs: number): number {
  if (timeoutMs === 0) return capMs;
  let lifeMs = timeoutMs;
  for (let attempt = 1; attempt < maxAttempts && lifeMs < capMs; attempt++) {
    // A function of the user's is not called before there is an error to give it.
    const delayMs = backoff.kind === 'custom' ? backoff.maxMs : computeDelay(backoff, { attempt, error: undefined }, 1);
    lifeMs += delayMs + timeoutMs;
  }
  return Math.min(lifeMs, capMs);
}

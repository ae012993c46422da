import { longestLife } from '../../../src/retry/longest-life';
import type { Backoff } from '../../../src/task/retry-policy';

const DAY = 86_400_000;
const fixed: Backoff = { kind: 'fixed', delayMs: 1_000, maxMs: 1_000, jitter: 'full' };
const policy = (maxAttempts: number, backoff: Backoff) => ({
  maxAttempts,
  maxElapsedMs: undefined,
  backoff,
  rules: [],
});

it.each<[string, number, Backoff, number, number]>([
  ['one attempt', 1, fixed, 500, 500],
  ['three attempts and the two waits between them, without jitter', 3, fixed, 500, 3 * 500 + 2 * 1_000],
  ['growing waits', 3, { kind: 'linear', stepMs: 100, maxMs: 1_000, jitter: 'none' }, 500, 3 * 500 + 100 + 200],
  [
    'the longest wait of a function, which is not called',
    2,
    { kind: 'custom', delay: () => Number.NaN, maxMs: 9_000, jitter: 'none' },
    500,
    10_000,
  ],
  ['no more than the cap', 1_000, fixed, 3_600_000, DAY],
  ['the cap, where an attempt has no limit', 1, fixed, 0, DAY],
])('a task can take %s', (_what, maxAttempts, backoff, timeoutMs, expected) => {
  expect(longestLife(policy(maxAttempts, backoff), timeoutMs, DAY)).toBe(expected);
});

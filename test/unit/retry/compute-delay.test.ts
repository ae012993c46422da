import fc from 'fast-check';
import { computeDelay } from '../../../src/retry/compute-delay';
import type { Backoff, Jitter } from '../../../src/task/retry-policy';

const MAX_DELAY_MS = (2 ** 31 - 1) * 125;
const ALMOST_ONE = 1 - Number.EPSILON;
const error = new Error('boom');

const fixed: Backoff = { kind: 'fixed', delayMs: 5_000, maxMs: 5_000, jitter: 'none' };
const linear: Backoff = { kind: 'linear', stepMs: 1_000, maxMs: 10_000, jitter: 'none' };
const exponential: Backoff = { kind: 'exponential', baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 'none' };
const custom = (delay: (attempt: number) => unknown): Backoff => ({
  kind: 'custom',
  delay: ({ attempt }) => delay(attempt) as number,
  maxMs: 60_000,
  jitter: 'none',
});

it.each<[string, Backoff, number, number]>([
  ['fixed', fixed, 1, 5_000],
  ['fixed', fixed, 900, 5_000],
  ['linear', linear, 1, 1_000],
  ['linear', linear, 3, 3_000],
  ['linear, capped', linear, 11, 10_000],
  ['exponential', exponential, 1, 1_000],
  ['exponential', exponential, 4, 8_000],
  ['exponential, capped', exponential, 7, 60_000],
  ['exponential, overflown', exponential, 5_000, 60_000],
  ['custom', custom((attempt) => attempt * 7), 3, 21],
  ['custom, capped', custom(() => Number.POSITIVE_INFINITY), 1, 60_000],
  ['custom, at once', custom(() => 0), 1, 0],
])('%s: %o after attempt %s waits %s ms', (_label, backoff, attempt, delayMs) => {
  expect(computeDelay(backoff, { attempt, error }, 0.5)).toBe(delayMs);
});

it.each<[string, (attempt: number) => unknown]>([
  ['NaN', () => Number.NaN],
  ['a negative number', () => -1],
  ['a string', () => '5s'],
  ['nothing', () => undefined],
  ['a promise', () => Promise.resolve(5)],
  ['a bigint', () => 5n],
])('waits one second when a custom backoff answers %s', (_label, answer) => {
  expect(computeDelay(custom(answer), { attempt: 1, error }, 0.5)).toBe(1_000);
});

it('waits one second when a custom backoff throws, or as long as its cap allows', () => {
  const throwing = custom(() => {
    throw new Error('no');
  });
  expect(computeDelay(throwing, { attempt: 1, error }, 0.5)).toBe(1_000);
  expect(computeDelay({ ...throwing, maxMs: 300 }, { attempt: 1, error }, 0.5)).toBe(300);
});

it('tells a custom backoff the attempt and the error', () => {
  const delay = jest.fn(() => 5);
  computeDelay({ kind: 'custom', delay, maxMs: 10, jitter: 'none' }, { attempt: 4, error }, 0);
  expect(delay).toHaveBeenCalledWith({ attempt: 4, error });
});

it.each<[Jitter, number, number, number]>([
  ['none', 8_000, 8_000, 8_000],
  ['equal', 4_000, 6_000, 8_000],
  ['full', 0, 4_000, 8_000],
])('leaves to chance, with %s jitter, from %s over %s to %s ms of 8 s', (jitter, least, middle, most) => {
  const waits = [0, 0.5, ALMOST_ONE].map((random) =>
    computeDelay({ ...exponential, jitter }, { attempt: 4, error }, random),
  );
  expect(waits).toEqual([least, middle, most]);
});

const ms = fc.integer({ min: 1, max: MAX_DELAY_MS });
const jitters = fc.constantFrom<Jitter>('none', 'equal', 'full');
const factors = fc.double({ min: 1, max: 100, noNaN: true });
const backoffs: fc.Arbitrary<Backoff> = fc.oneof(
  fc.record({ kind: fc.constant('fixed' as const), delayMs: ms, maxMs: ms, jitter: jitters }),
  fc.record({ kind: fc.constant('linear' as const), stepMs: ms, maxMs: ms, jitter: jitters }),
  fc.record({ kind: fc.constant('exponential' as const), baseMs: ms, factor: factors, maxMs: ms, jitter: jitters }),
  fc.record({
    kind: fc.constant('custom' as const),
    delay: fc.func(fc.anything() as fc.Arbitrary<number>),
    maxMs: ms,
    jitter: jitters,
  }),
);
const attempts = fc.integer({ min: 1, max: 1_000 });
const randoms = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true });

it('is a whole number within what the jitter leaves to chance, and within the cap', () => {
  fc.assert(
    fc.property(backoffs, attempts, randoms, (backoff, attempt, random) => {
      const delayMs = computeDelay(backoff, { attempt, error }, random);
      const sure = computeDelay({ ...backoff, jitter: 'none' }, { attempt, error }, 0);
      const least = { none: sure, equal: sure / 2, full: 0 }[backoff.jitter];
      expect(Number.isSafeInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(Math.floor(least));
      expect(delayMs).toBeLessThanOrEqual(sure);
      expect(sure).toBeLessThanOrEqual(backoff.maxMs);
    }),
  );
});

it('never waits less after a later attempt, where nothing is left to chance', () => {
  const growing = fc.oneof(
    fc.record({
      kind: fc.constant('exponential' as const),
      baseMs: ms,
      factor: factors,
      maxMs: ms,
      jitter: fc.constant('none' as const),
    }),
    fc.record({ kind: fc.constant('linear' as const), stepMs: ms, maxMs: ms, jitter: fc.constant('none' as const) }),
  );
  fc.assert(
    fc.property(growing, attempts, (backoff, attempt) => {
      const [one, next] = [attempt, attempt + 1].map((number) => computeDelay(backoff, { attempt: number, error }, 0));
      expect(next).toBeGreaterThanOrEqual(one ?? Number.NaN);
    }),
  );
});

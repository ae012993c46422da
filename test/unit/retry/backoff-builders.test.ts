import fc from 'fast-check';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import { custom, exponential, fixed, linear } from '../../../src/retry/backoff';
import { DELAY_RANGE } from '../../../src/retry/delay-range';
import { isBackoff } from '../../../src/retry/is-backoff';
import type { Duration } from '../../../src/time/duration';
import { MAX_DELAY_MS } from '../../../src/topology/ladder';

function problemsOf(build: () => unknown): readonly string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('the backoff builders', () => {
  it.each([
    ['fixed', fixed('30s'), { kind: 'fixed', delayMs: 30_000, maxMs: 30_000, jitter: 'none' }],
    ['linear', linear('5s'), { kind: 'linear', stepMs: 5_000, maxMs: 3_600_000, jitter: 'equal' }],
    [
      'exponential',
      exponential('1s'),
      { kind: 'exponential', baseMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: 'equal' },
    ],
    ['custom', custom(() => 1), { kind: 'custom', delay: expect.any(Function), maxMs: 3_600_000, jitter: 'equal' }],
  ])('%s has its defaults', (_, backoff, expected) => {
    expect(backoff).toEqual(expected);
    expect(Object.isFrozen(backoff)).toBe(true);
  });

  it.each([
    [fixed(250, { max: '1s', jitter: 'full' }), { kind: 'fixed', delayMs: 250, maxMs: 1_000, jitter: 'full' }],
    [linear('1m', { max: '10m', jitter: 'none' }), { kind: 'linear', stepMs: 60_000, maxMs: 600_000, jitter: 'none' }],
    [
      exponential('1s', { factor: 1.5, max: '10m', jitter: 'full' }),
      { kind: 'exponential', baseMs: 1_000, factor: 1.5, maxMs: 600_000, jitter: 'full' },
    ],
  ])('take every option: %j', (backoff, expected) => {
    expect(backoff).toEqual(expected);
  });

  it.each([
    ['linear', linear('2h').maxMs],
    ['exponential', exponential('2h').maxMs],
  ])('never cut the first wait of %s by the default max', (_, maxMs) => {
    expect(maxMs).toBe(7_200_000);
  });

  it('let a custom backoff answer with any duration, and pass on what is none as not a number', () => {
    const answers: Duration[] = ['90s', 5, -1, 'soon' as Duration];
    const backoff = custom(({ attempt }) => answers[attempt - 1] ?? 0);
    if (backoff.kind !== 'custom') throw new Error('expected a custom backoff');
    expect([1, 2, 3, 4].map((attempt) => backoff.delay({ attempt, error: undefined }))).toEqual([90_000, 5, NaN, NaN]);
  });

  const wrongDurations: readonly unknown[] = [
    0,
    -5,
    NaN,
    Infinity,
    '1x',
    '',
    '0s',
    'nine years',
    '3110d',
    null,
    undefined,
    {},
  ];

  it.each(wrongDurations)('refuse %p for a wait, and say what was seen, expected and in which range', (value) => {
    for (const build of [fixed, linear, exponential]) {
      const problems = problemsOf(() => build(value as Duration));
      expect(problems).toEqual([
        expect.stringMatching(
          /^(fixed|linear|exponential)\(\): (delay|step|base) must be a duration \('250ms', .*\) above 0, at most 8\.5 years, got ./,
        ),
      ]);
    }
  });

  it('show the very value that is wrong', () => {
    expect(problemsOf(() => exponential('1x' as Duration))).toEqual([expect.stringContaining('got "1x"')]);
    expect(problemsOf(() => fixed(-5))).toEqual([expect.stringContaining('got -5')]);
  });

  it('report all mistakes of one call at once', () => {
    const options = { factor: 0.5, max: 'never', jitter: 'some', facter: 3 } as never;
    expect(problemsOf(() => exponential('1x' as Duration, options))).toEqual([
      'exponential(): unknown option "facter": did you mean "factor"?',
      expect.stringContaining('base must be'),
      'exponential(): factor must be a number from 1 to 100, got 0.5',
      expect.stringContaining('max must be'),
      "exponential(): jitter must be one of 'none', 'equal', 'full', got \"some\"",
    ]);
  });

  it.each([
    ['a max below the first wait', () => linear('10s', { max: '5s' }), 'max must be at least step (10s), got "5s"'],
    ['a factor above 100', () => exponential('1s', { factor: 101 }), 'factor must be a number from 1 to 100, got 101'],
    ['options that are none', () => fixed('1s', '10m' as never), 'the options must be an object, got "10m"'],
    ['a custom backoff that is no function', () => custom('5s' as never), 'delay must be a function, got "5s"'],
    ['a factor where there is none', () => linear('1s', { factor: 2 } as never), 'unknown option "factor"'],
  ])('refuse %s', (_, build, problem) => {
    expect(problemsOf(build)).toEqual([expect.stringContaining(problem)]);
  });

  it('take exactly the delays that the ladder can wait', () => {
    expect(DELAY_RANGE.maxMs).toBe(MAX_DELAY_MS);
    expect(problemsOf(() => fixed(MAX_DELAY_MS))).toEqual([]);
    expect(problemsOf(() => fixed(MAX_DELAY_MS + 1))).toHaveLength(1);
  });
});

describe('isBackoff', () => {
  it('takes what any builder makes of valid arguments', () => {
    const wait = fc.double({ min: 0.001, max: DELAY_RANGE.maxMs, noNaN: true });
    const factor = fc.double({ min: 1, max: 100, noNaN: true });
    const jitter = fc.constantFrom('none', 'equal', 'full');
    fc.assert(
      fc.property(wait, factor, jitter, (ms, by, j) => {
        const made = [fixed(ms, { jitter: j }), linear(ms, { jitter: j }), exponential(ms, { factor: by, jitter: j })];
        return made.every(isBackoff) && isBackoff(custom(() => ms, { jitter: j, max: ms }));
      }),
    );
  });

  it.each([
    undefined,
    null,
    '5s',
    5_000,
    () => 5,
    {},
    { kind: 'fibonacci', delayMs: 1, maxMs: 1, jitter: 'none' },
    { kind: 'fixed', delayMs: 0, maxMs: 1, jitter: 'none' },
    { kind: 'fixed', delayMs: 1, maxMs: Infinity, jitter: 'none' },
    { kind: 'linear', delayMs: 1, maxMs: 1, jitter: 'none' },
    { kind: 'exponential', baseMs: 1, maxMs: 1, jitter: 'none' },
    { kind: 'exponential', baseMs: 1, factor: 0.5, maxMs: 1, jitter: 'none' },
    { kind: 'fixed', delayMs: 1, maxMs: 1, jitter: 'some' },
    { kind: 'custom', maxMs: 1, jitter: 'none' },
  ])('refuses %p', (value) => {
    expect(isBackoff(value)).toBe(false);
  });
});

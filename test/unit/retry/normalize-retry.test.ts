import fc from 'fast-check';
import { OptionReader } from '../../../src/options/option-reader';
import { exponential, fixed } from '../../../src/retry/backoff';
import {
  DEFAULT_RETRY,
  normalizeRetry,
  parseRetry,
  type RetryOptions,
  resolveRetry,
} from '../../../src/retry/normalize-retry';

class HttpError extends Error {}
class NotFoundError extends HttpError {}
abstract class AbstractError extends Error {}

function normalize(options: unknown) {
  const problems: string[] = [];
  const policy = normalizeRetry(options as RetryOptions, 'Mail.send', problems);
  return { policy, problems };
}

describe('normalizeRetry', () => {
  it('gives 10 attempts with an exponential backoff from 1 s to 1 h and equal jitter to who says nothing', () => {
    expect(normalize({})).toEqual({ policy: DEFAULT_RETRY, problems: [] });
    expect(DEFAULT_RETRY).toEqual({
      maxAttempts: 10,
      maxElapsedMs: undefined,
      backoff: { kind: 'exponential', baseMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: 'equal' },
      rules: [],
    });
  });

  it('takes an option given as undefined for one that is not given', () => {
    const nothing = { maxAttempts: undefined, backoff: undefined, maxElapsed: undefined, rules: undefined };
    expect(normalize(nothing)).toEqual({ policy: DEFAULT_RETRY, problems: [] });
  });

  it('takes what is said', () => {
    const { policy, problems } = normalize({ maxAttempts: 3, maxElapsed: '2h', backoff: fixed('5s') });
    expect(problems).toEqual([]);
    expect(policy).toEqual({ maxAttempts: 3, maxElapsedMs: 7_200_000, backoff: fixed('5s'), rules: [] });
  });

  it('gives a policy that nobody can change', () => {
    const { policy } = normalize({ rules: [{ on: HttpError, maxAttempts: 2 }], neverRetry: [AbstractError] });
    const frozen = [policy, policy.rules, ...policy.rules, ...policy.rules.map((rule) => rule.match)];
    expect(frozen.every(Object.isFrozen)).toBe(true);
  });

  it('copies a backoff that is written by hand, so that nobody can change it later', () => {
    const handmade = { kind: 'fixed', delayMs: 5, maxMs: 5, jitter: 'none' };
    const { policy } = normalize({ backoff: handmade });
    handmade.delayMs = -1;
    expect(policy.backoff).toEqual({ kind: 'fixed', delayMs: 5, maxMs: 5, jitter: 'none' });
  });

  it('takes every whole number of attempts from 1 to 1000, and no other', () => {
    const isTaken = (maxAttempts: unknown): boolean => normalize({ maxAttempts }).problems.length === 0;
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000 }), isTaken));
    const other = fc.oneof(
      fc.integer({ max: 0 }),
      fc.integer({ min: 1_001 }),
      fc.double().filter((n) => !Number.isInteger(n)),
      fc.string(),
    );
    fc.assert(fc.property(other, (maxAttempts) => !isTaken(maxAttempts)));
  });

  it('lets the rules keep their order and puts the errors that are never retried before them', () => {
    const isBusy = (error: unknown): boolean => error === 'busy';
    const { policy, problems } = normalize({
      rules: [
        { on: HttpError, maxAttempts: 3 },
        { on: isBusy, backoff: fixed('1m') },
        { on: AbstractError, fail: true },
      ],
      neverRetry: [NotFoundError],
    });
    expect(problems).toEqual([]);
    const told = policy.rules.map((rule) => [rule.match, rule.then, rule.then === 'retry' ? rule : undefined]);
    expect(told).toEqual([
      [{ kind: 'class', type: NotFoundError }, 'fail', undefined],
      [{ kind: 'class', type: HttpError }, 'retry', expect.objectContaining({ maxAttempts: 3, backoff: undefined })],
      [
        { kind: 'predicate', test: isBusy },
        'retry',
        expect.objectContaining({ maxAttempts: undefined, backoff: fixed('1m') }),
      ],
      [{ kind: 'class', type: AbstractError }, 'fail', undefined],
    ]);
  });

  it.each<[string, unknown]>([
    ['Error', Error],
    ['a built-in error', RangeError],
    ['a class of errors', NotFoundError],
    ['an abstract class of errors', AbstractError],
    ['a class of other things that are thrown', class Rejection {}],
    ['an error class compiled to a function', es5ErrorClass()],
  ])('tells %s from a predicate', (_, on) => {
    const { policy, problems } = normalize({ rules: [{ on }], neverRetry: [on] });
    expect(problems).toEqual([]);
    expect(policy.rules.map((rule) => rule.match)).toEqual([
      { kind: 'class', type: on },
      { kind: 'class', type: on },
    ]);
  });

  it.each<[string, unknown]>([
    ['an arrow function', () => true],
    [
      'a function',
      function isFatal() {
        return true;
      },
    ],
    ['a bound function', Number.isNaN.bind(undefined)],
  ])('tells %s from a class', (_, on) => {
    expect(normalize({ rules: [{ on }] }).policy.rules[0]?.match).toEqual({ kind: 'predicate', test: on });
  });

  it('collects all problems, each with its place, what was seen and what was expected', () => {
    const { problems } = normalize({
      maxAttempts: 0,
      backoff: '5s',
      maxElapsed: '10 minutes',
      maxRetry: 3,
      rules: [
        { on: 'HttpError', maxAttempts: 1.5, backof: 1 },
        { on: Error, fail: true, maxAttempts: 2 },
        undefined,
        { on: Error, fail: 'yes', backoff: 7 },
      ],
      neverRetry: [() => true, undefined],
    });
    expect(problems).toEqual([
      expect.stringMatching(/^Mail\.send: unknown option "maxRetry": /),
      'Mail.send: maxAttempts must be a whole number from 1 to 1000, got 0',
      expect.stringMatching(
        /^Mail\.send: maxElapsed must be a duration .* above 0, at most 8\.5 years, got "10 minutes"$/,
      ),
      'Mail.send: backoff must be made by fixed(), linear(), exponential() or custom(), got "5s"',
      'Mail.send: unknown option "rules[0].backof": did you mean "backoff"?',
      'Mail.send: rules[0].maxAttempts must be a whole number from 1 to 1000, got 1.5',
      expect.stringMatching(/^Mail\.send: rules\[0\]\.on must be an error class or a function .*, got "HttpError"$/),
      expect.stringMatching(/^Mail\.send: rules\[1\]\.fail must be left out where /),
      'Mail.send: rules[2] must be an object, got undefined',
      expect.stringMatching(/^Mail\.send: rules\[3\]\.backoff must be made by .*, got 7$/),
      'Mail.send: rules[3].fail must be true or false, got "yes"',
      expect.stringMatching(
        /^Mail\.send: neverRetry\[0\] must be an error class \(a function belongs in "rules"\), got a function$/,
      ),
      expect.stringMatching(/^Mail\.send: neverRetry\[1\] must be an error class .*, got undefined$/),
    ]);
  });

  it.each([
    ['options', 'fast', 'Mail.send: the options must be an object, got "fast"'],
    ['rules', { rules: { on: Error } }, 'Mail.send: rules must be an array of rules, got an object'],
    [
      'neverRetry',
      { neverRetry: Error },
      'Mail.send: neverRetry must be an array of error classes, got the function or class Error',
    ],
  ])('says once that %s have the wrong form', (_, options, problem) => {
    expect(normalize(options).problems).toEqual([problem]);
  });
});

describe('resolveRetry', () => {
  it('takes each option from the nearest level that has it', () => {
    const problems: string[] = [];
    const level = (options: RetryOptions) => parseRetry(new OptionReader(options, 'x', problems));
    const policy = resolveRetry([
      level({ maxAttempts: 2, rules: [{ on: HttpError }] }),
      level({ maxAttempts: 3, backoff: fixed('1s'), neverRetry: [AbstractError] }),
      level({ maxAttempts: 4, backoff: exponential('9s'), maxElapsed: '1d', rules: [{ on: Error, fail: true }] }),
    ]);
    expect(problems).toEqual([]);
    expect(policy).toMatchObject({ maxAttempts: 2, backoff: fixed('1s'), maxElapsedMs: 86_400_000 });
    expect(policy.rules.map((rule) => rule.match)).toEqual([
      { kind: 'class', type: AbstractError },
      { kind: 'class', type: HttpError },
    ]);
  });
});

/** What a compiler makes of `class LegacyError extends Error {}` for ES5. */
function es5ErrorClass(): unknown {
  function LegacyError() {}
  LegacyError.prototype = Object.create(Error.prototype);
  return LegacyError;
}

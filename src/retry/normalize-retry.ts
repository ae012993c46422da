import { OptionReader } from '../options/option-reader';
import type { Backoff, ErrorMatcher, RetryPolicy, RetryRule } from '../task/retry-policy';
import { type Duration, HOUR, SECOND } from '../time/duration';
import { exponential } from './backoff';
import { DELAY_RANGE } from './delay-range';
import { isBackoff } from './is-backoff';

/** A class of errors, abstract or not. */
export type ErrorClass = abstract new (...args: never[]) => unknown;

/** What becomes of the errors that it is about. */
export interface RetryRuleOption {
  /** A class of errors, or a function that says whether the rule is about an error. It must not throw. */
  readonly on: ErrorClass | ((error: unknown) => boolean);
  /**
   * Attempts in all that such an error may use: 1 to 1,000.
   * @defaultValue the task's own
   */
  readonly maxAttempts?: number;
  /**
   * How long to wait after such an error.
   * @defaultValue the task's own
   */
  readonly backoff?: Backoff;
  /** Straight to the dead-letter queue. Goes with no other option. */
  readonly fail?: true;
}

/** When a failed task is tried again, and how often. */
export interface RetryOptions {
  /**
   * Attempts in all, the first included: 1 to 1,000.
   * @defaultValue 10
   */
  readonly maxAttempts?: number;
  /**
   * How long to wait after a failed attempt: `fixed`, `linear`, `exponential` or `custom`.
   * @defaultValue `exponential('1s', { max: '1h', jitter: 'equal' })`
   */
  readonly backoff?: Backoff;
  /**
   * No attempt is planned to begin later than this after the first one began: above 0, at most 8.5 years.
   * @defaultValue no such limit
   */
  readonly maxElapsed?: Duration;
  /**
   * What is different for certain errors. The first rule that matches decides.
   * @defaultValue none
   */
  readonly rules?: readonly RetryRuleOption[];
  /**
   * Errors that go straight to the dead-letter queue. They are looked at before the rules.
   * @defaultValue none
   */
  readonly neverRetry?: readonly ErrorClass[];
}

export const RETRY_OPTION_KEYS = [
  'maxAttempts',
  'backoff',
  'maxElapsed',
  'rules',
  'neverRetry',
] as const satisfies readonly (keyof RetryOptions)[];

const RULE_KEYS = ['on', 'maxAttempts', 'backoff', 'fail'] as const satisfies readonly (keyof RetryRuleOption)[];
const MAX_ATTEMPTS = 1_000;

/** What a task has that says nothing: its nine waits are 1 s to 256 s before jitter, 8.5 minutes in all. */
export const DEFAULT_RETRY: RetryPolicy = Object.freeze({
  maxAttempts: 10,
  maxElapsedMs: undefined,
  backoff: exponential(SECOND, { max: HOUR, jitter: 'equal' }),
  rules: Object.freeze([]),
});

/** The retry options of one level (app, queue or task), read and checked. `undefined`: the level says nothing about it. */
export interface RetryOverrides {
  readonly maxAttempts: number | undefined;
  readonly maxElapsedMs: number | undefined;
  readonly backoff: Backoff | undefined;
  readonly rules: readonly RetryRule[] | undefined;
  readonly neverRetry: readonly RetryRule[] | undefined;
}

/** Reads the retry options of one level. Keys that are not about retries are left to the caller. */
export function parseRetry(reader: OptionReader): RetryOverrides {
  return Object.freeze({
    maxAttempts: reader.wholeNumber('maxAttempts', 1, MAX_ATTEMPTS),
    maxElapsedMs: reader.duration('maxElapsed', DELAY_RANGE),
    backoff: readBackoff(reader),
    rules: reader
      .list('rules', 'an array of rules')
      ?.flatMap((rule, index) => readRule(reader.nested(`rules[${index}]`, rule))),
    neverRetry: reader
      .list('neverRetry', 'an array of error classes')
      ?.flatMap((type, index) => readNever(reader, type, index)),
  });
}

/** The policy that follows from several levels, the nearest first. A level's list replaces the list of the level behind it. */
export function resolveRetry(levels: readonly RetryOverrides[]): RetryPolicy {
  const first = <K extends keyof RetryOverrides>(key: K): RetryOverrides[K] | undefined =>
    levels.find((level) => level[key] !== undefined)?.[key];
  return Object.freeze({
    maxAttempts: first('maxAttempts') ?? DEFAULT_RETRY.maxAttempts,
    maxElapsedMs: first('maxElapsedMs') ?? DEFAULT_RETRY.maxElapsedMs,
    backoff: first('backoff') ?? DEFAULT_RETRY.backoff,
    rules: Object.freeze([...(first('neverRetry') ?? []), ...(first('rules') ?? DEFAULT_RETRY.rules)]),
  });
}

/**
 * The policy that retry options ask for.
 *
 * @param where - who has these options, for people.
 * @param problems - takes a sentence for every mistake. Where there is one, the policy is of no use.
 */
export function normalizeRetry(options: RetryOptions, where: string, problems: string[]): RetryPolicy {
  const reader = new OptionReader(options, where, problems);
  reader.refuseUnknown(RETRY_OPTION_KEYS);
  return resolveRetry([parseRetry(reader)]);
}

function readBackoff(reader: OptionReader): Backoff | undefined {
  const value = reader.value('backoff');
  if (value === undefined) return undefined;
  if (isBackoff(value)) return Object.isFrozen(value) ? value : Object.freeze({ ...value });
  return reader.refuse('backoff', 'made by fixed(), linear(), exponential() or custom()');
}

function readRule(reader: OptionReader | undefined): readonly RetryRule[] {
  if (reader === undefined) return [];
  reader.refuseUnknown(RULE_KEYS);
  const maxAttempts = reader.wholeNumber('maxAttempts', 1, MAX_ATTEMPTS);
  const backoff = readBackoff(reader);
  const fails = reader.flag('fail') === true;
  if (fails && (maxAttempts ?? backoff) !== undefined) {
    reader.refuse('fail', 'left out where "maxAttempts" or "backoff" is given, since nothing is tried again after it');
  }
  const match = readMatcher(reader);
  if (match === undefined) return [];
  return [fails ? failRule(match) : retryRule(match, maxAttempts, backoff)];
}

function readMatcher(reader: OptionReader): ErrorMatcher | undefined {
  const on = reader.value('on');
  if (isClass(on)) return Object.freeze({ kind: 'class', type: on });
  if (typeof on === 'function') return Object.freeze({ kind: 'predicate', test: on as (error: unknown) => boolean });
  return reader.refuse('on', 'an error class or a function that takes the error and answers true or false');
}

function readNever(reader: OptionReader, type: unknown, index: number): readonly RetryRule[] {
  if (isClass(type)) return [failRule(Object.freeze({ kind: 'class', type }))];
  reader.refuse(`neverRetry[${index}]`, 'an error class (a function belongs in "rules")', type);
  return [];
}

function failRule(match: ErrorMatcher): RetryRule {
  // biome-ignore lint/suspicious/noThenProperty: a word, not a function; `await` gives such an object back as it is.
  return Object.freeze({ match, then: 'fail' });
}

function retryRule(match: ErrorMatcher, maxAttempts: number | undefined, backoff: Backoff | undefined): RetryRule {
  // biome-ignore lint/suspicious/noThenProperty: as above.
  return Object.freeze({ match, then: 'retry', maxAttempts, backoff });
}

/**
 * Tells a class from a predicate. The `prototype` of a class, and of what the language has built in, cannot be
 * assigned; that of a plain function can, and an arrow has none. What is left are classes compiled to functions: those
 * of errors have an error for a prototype.
 */
function isClass(value: unknown): value is ErrorClass {
  if (typeof value !== 'function') return false;
  const prototype = Object.getOwnPropertyDescriptor(value, 'prototype');
  if (prototype === undefined) return false;
  return prototype.writable === false || prototype.value instanceof Error;
}

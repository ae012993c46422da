import { ConfigurationError } from '../errors/configuration-error';
import { OptionReader } from '../options/option-reader';
import type { Backoff, BackoffInput, Jitter } from '../task/retry-policy';
import { type Duration, formatDuration, HOUR, parseDuration } from '../time/duration';
import { DELAY_RANGE } from './delay-range';

/** What every backoff may be told. */
export interface BackoffOptions {
  /**
   * The longest wait: above 0, at most 8.5 years, and not below the first wait.
   * @defaultValue `'1h'`, or the first wait where that is longer; for `fixed` its delay
   */
  readonly max?: Duration;
  /**
   * How much of a wait is left to chance, so that tasks which failed together do not come back together: `'none'`;
   * `'equal'`, at least half of the wait is sure; `'full'`, anything from 0 to the wait.
   * @defaultValue `'equal'`; for `fixed` `'none'`
   */
  readonly jitter?: Jitter;
}

export interface ExponentialOptions extends BackoffOptions {
  /**
   * By how much each wait is longer than the one before: 1 to 100.
   * @defaultValue 2
   */
  readonly factor?: number;
}

export const JITTERS = ['none', 'equal', 'full'] as const satisfies readonly Jitter[];
const DEFAULT_MAX_MS = HOUR;
const DEFAULT_FACTOR = 2;
export const MAX_FACTOR = 100;

/**
 * The same wait after every failed attempt.
 *
 * @param delay - the wait: above 0, at most 8.5 years.
 * @throws ConfigurationError when an argument is out of range.
 *
 * @example
 * ```ts
 * @Task({ backoff: fixed('30s') })
 * ```
 */
export function fixed(delay: Duration, options: BackoffOptions = {}): Backoff {
  return build('fixed', ['max', 'jitter'], options, (reader) => {
    const delayMs = readFirst(reader, 'delay', delay);
    return {
      kind: 'fixed',
      delayMs,
      maxMs: readMax(reader, 'delay', delayMs, delayMs),
      jitter: readJitter(reader, 'none'),
    };
  });
}

/**
 * A wait that grows by the same step after every failed attempt: 1, 2, 3 … steps.
 *
 * @param step - the first wait and the growth: above 0, at most 8.5 years.
 * @throws ConfigurationError when an argument is out of range.
 */
export function linear(step: Duration, options: BackoffOptions = {}): Backoff {
  return build('linear', ['max', 'jitter'], options, (reader) => {
    const stepMs = readFirst(reader, 'step', step);
    return { kind: 'linear', stepMs, maxMs: readMax(reader, 'step', stepMs), jitter: readJitter(reader) };
  });
}

/**
 * A wait that is multiplied after every failed attempt: with a base of `'1s'` and a factor of 2 it is 1, 2, 4, 8 … seconds.
 *
 * @param base - the first wait: above 0, at most 8.5 years.
 * @throws ConfigurationError when an argument is out of range.
 *
 * @example
 * ```ts
 * @Task({ backoff: exponential('1s', { max: '10m', jitter: 'full' }) })
 * ```
 */
export function exponential(base: Duration, options: ExponentialOptions = {}): Backoff {
  return build('exponential', ['factor', 'max', 'jitter'], options, (reader) => {
    const baseMs = readFirst(reader, 'base', base);
    const factor = reader.number('factor', 1, MAX_FACTOR) ?? DEFAULT_FACTOR;
    return { kind: 'exponential', baseMs, factor, maxMs: readMax(reader, 'base', baseMs), jitter: readJitter(reader) };
  });
}

/**
 * A wait of your own making.
 *
 * @param delay - says how long to wait after a failed attempt. Called in the worker, synchronously. Where it throws, or
 * answers something that is no duration, the wait is one second.
 * @throws ConfigurationError when an argument is out of range.
 *
 * @example
 * ```ts
 * @Task({ backoff: custom(({ attempt }) => (attempt < 3 ? '5s' : '10m')) })
 * ```
 */
export function custom(delay: (input: BackoffInput) => Duration, options: BackoffOptions = {}): Backoff {
  return build('custom', ['max', 'jitter'], options, (reader) => {
    if (typeof delay !== 'function') reader.refuse('delay', 'a function', delay);
    return {
      kind: 'custom',
      // Not a number is the one answer that nobody can mistake for a wait.
      delay: (input) => parseDuration(delay(input)) ?? Number.NaN,
      maxMs: reader.duration('max', DELAY_RANGE) ?? DEFAULT_MAX_MS,
      jitter: readJitter(reader),
    };
  });
}

function build(
  name: string,
  known: readonly string[],
  options: object,
  read: (reader: OptionReader) => Backoff,
): Backoff {
  const problems: string[] = [];
  const reader = new OptionReader(options, `${name}()`, problems);
  reader.refuseUnknown(known);
  const backoff = read(reader);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze(backoff);
}

/** A value that is out of range is noted, and then thrown by `build`: what stands in for it is never seen. */
function readFirst(reader: OptionReader, name: string, value: unknown): number {
  return reader.requiredDuration(name, value, DELAY_RANGE) ?? 1;
}

function readMax(reader: OptionReader, firstName: string, firstMs: number, defaultMs = DEFAULT_MAX_MS): number {
  const maxMs = reader.duration('max', DELAY_RANGE);
  if (maxMs !== undefined && maxMs < firstMs)
    reader.refuse('max', `at least ${firstName} (${formatDuration(firstMs)})`);
  return maxMs ?? Math.max(defaultMs, firstMs);
}

function readJitter(reader: OptionReader, defaultJitter: Jitter = 'equal'): Jitter {
  return reader.oneOf('jitter', JITTERS) ?? defaultJitter;
}

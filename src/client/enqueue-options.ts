import { InvalidOptionsError } from '../errors/enqueue-errors';
import { isWellFormed } from '../message/header-values';
import { headerProblems } from '../message/headers';
import { describeValue } from '../options/describe-value';
import { nearestName } from '../options/nearest-name';
import { isOptions } from '../options/option-reader';
import type { EnqueueOptions } from '../task/enqueue-options';
import { DURATION_FORMS, parseDuration } from '../time/duration';
import { MAX_DELAY_MS } from '../topology/ladder';

/** Options of one call, checked. */
export interface ResolvedEnqueueOptions {
  readonly delayMs: number;
  readonly priority: number | undefined;
  readonly expiresInMs: number | undefined;
  readonly id: string | undefined;
  readonly correlationId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>> | undefined;
  readonly timeoutMs: number | undefined;
}

const OPTION_NAMES = [
  'delay',
  'runAt',
  'priority',
  'expiresIn',
  'id',
  'correlationId',
  'headers',
  'timeout',
] as const satisfies readonly (keyof EnqueueOptions)[];

const DEFAULT_ENQUEUE_OPTIONS: ResolvedEnqueueOptions = Object.freeze({
  delayMs: 0,
  priority: undefined,
  expiresInMs: undefined,
  id: undefined,
  correlationId: undefined,
  headers: undefined,
  timeoutMs: undefined,
});

/**
 * Checks the options of one call; all problems are told together.
 * @throws InvalidOptionsError
 */
export function resolveEnqueueOptions(
  task: string,
  options: EnqueueOptions | undefined,
  now: number,
): ResolvedEnqueueOptions {
  if (options === undefined) return DEFAULT_ENQUEUE_OPTIONS;
  if (!isOptions(options as unknown)) {
    throw new InvalidOptionsError(task, [`the options must be an object, got ${describeValue(options)}`]);
  }
  const problems = unknownOptions(options);
  const delayMs = readDelay(options, now, problems);
  const expiresInMs = readDuration('expiresIn', options.expiresIn, 1, problems);
  if (expiresInMs !== undefined && expiresInMs <= delayMs) {
    problems.push('expiresIn must be longer than the delay, or the task could never start');
  }
  const resolved: ResolvedEnqueueOptions = {
    delayMs,
    expiresInMs,
    priority: readPriority(options.priority, problems),
    id: readText('id', options.id, problems),
    correlationId: readText('correlationId', options.correlationId, problems),
    headers: readHeaders(options.headers, problems),
    timeoutMs: readDuration('timeout', options.timeout, 1, problems),
  };
  if (problems.length > 0) throw new InvalidOptionsError(task, problems);
  return resolved;
}

function unknownOptions(options: EnqueueOptions): string[] {
  return Object.keys(options).flatMap((key) => {
    if ((OPTION_NAMES as readonly string[]).includes(key)) return [];
    const nearest = nearestName(key, OPTION_NAMES);
    const hint = nearest === undefined ? `valid are ${OPTION_NAMES.join(', ')}` : `did you mean "${nearest}"?`;
    return [`unknown option "${key}": ${hint}`];
  });
}

function readDelay({ delay, runAt }: EnqueueOptions, now: number, problems: string[]): number {
  if (delay !== undefined && runAt !== undefined) problems.push('give either delay or runAt, not both');
  if (runAt !== undefined) return readRunAt(runAt, now, problems);
  return readDuration('delay', delay, 0, problems) ?? 0;
}

function readRunAt(runAt: Date | number | string, now: number, problems: string[]): number {
  // `new Date` would take null and true for 1970, and so for now.
  const isInstant = runAt instanceof Date || typeof runAt === 'number' || typeof runAt === 'string';
  const at = isInstant ? new Date(runAt).getTime() : Number.NaN;
  if (Number.isNaN(at)) {
    problems.push(`runAt must be a Date, milliseconds since 1970 or an ISO 8601 text, got ${describeValue(runAt)}`);
    return 0;
  }
  const delayMs = Math.max(0, at - now);
  if (delayMs > MAX_DELAY_MS)
    problems.push(`runAt must be at most 8.5 years from now, got ${new Date(at).toISOString()}`);
  return delayMs;
}

function readDuration(name: string, value: unknown, minMs: number, problems: string[]): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= minMs && ms <= MAX_DELAY_MS) return ms;
  problems.push(`${name} must be ${DURATION_FORMS}, from ${minMs} ms to 8.5 years, got ${describeValue(value)}`);
  return undefined;
}

function readPriority(value: unknown, problems: string[]): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255) return value;
  problems.push(`priority must be a whole number from 0 to 255, got ${describeValue(value)}`);
  return undefined;
}

function readText(name: string, value: unknown, problems: string[]): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > 255) {
    problems.push(`${name} must be a string of 1 to 255 bytes, got ${describeValue(value)}`);
    return undefined;
  }
  if (isWellFormed(value)) return value;
  problems.push(`${name} must not have lone surrogates, which would arrive as U+FFFD, got ${JSON.stringify(value)}`);
  return undefined;
}

function readHeaders(value: unknown, problems: string[]): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`headers must be an object, got ${describeValue(value)}`);
    return undefined;
  }
  problems.push(...headerProblems(value as Record<string, unknown>));
  return value as Record<string, unknown>;
}

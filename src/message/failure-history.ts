import {
  type ErrorCause,
  MAX_CAUSE_BYTES,
  MAX_CAUSES,
  MAX_STACK_BYTES,
  stackText,
  truncateBytes,
} from '../errors/describe-thrown';
import type { TaskFailure } from '../task/context';

/** Failures kept, newest last. */
export const MAX_FAILURES = 10;
/** The whole history's budget in bytes of JSON text: headers must stay far below the 64 KiB that amqplib can encode. */
export const MAX_HISTORY_BYTES = 16 * 1024;
const MAX_MESSAGE_BYTES = 1024;
const MAX_NAME_BYTES = 100;

const NO_FAILURES: readonly TaskFailure[] = Object.freeze([]);

/**
 * The history with one more failure: the last ten, each cut to its budget. The last one alone keeps its stack and causes.
 *
 * @see docs/decisions/002-attempt-history-as-json-header.md
 */
export function appendFailure(history: readonly TaskFailure[], failure: TaskFailure): readonly TaskFailure[] {
  return withinBudget([...history.map(brief), trimmed(failure)]);
}

/** Reads a history from a header. Anything can stand there: what does not look like a failure is left out. */
export function parseFailures(header: unknown): readonly TaskFailure[] {
  if (typeof header !== 'string' || header.length > 2 * MAX_HISTORY_BYTES) return NO_FAILURES;
  try {
    const parsed: unknown = JSON.parse(header);
    return Array.isArray(parsed) ? withinBudget(parsed.flatMap(readFailure)) : NO_FAILURES;
  } catch {
    return NO_FAILURES;
  }
}

function withinBudget(failures: readonly TaskFailure[]): readonly TaskFailure[] {
  const kept = failures.slice(-MAX_FAILURES);
  const isTooLong = (): boolean => Buffer.byteLength(JSON.stringify(kept)) > MAX_HISTORY_BYTES;
  while (kept.length > 1 && isTooLong()) kept.shift();
  // JSON may make two bytes of each: then the message alone has to do.
  return Object.freeze(isTooLong() ? kept.map(brief) : kept);
}

const brief = ({ attempt, at, error, message }: TaskFailure): TaskFailure =>
  Object.freeze({ attempt, at, error, message });

function readFailure(entry: unknown): readonly TaskFailure[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { attempt, at, error, message, stack, causes } = entry as Record<string, unknown>;
  if (
    typeof attempt !== 'number' ||
    typeof at !== 'string' ||
    typeof error !== 'string' ||
    typeof message !== 'string'
  ) {
    return [];
  }
  return [
    trimmed({
      attempt,
      at,
      error,
      message,
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(Array.isArray(causes) ? { causes: causes.slice(0, MAX_CAUSES).flatMap(readCause) } : {}),
    }),
  ];
}

function readCause(entry: unknown): readonly ErrorCause[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { name, message, code } = entry as Record<string, unknown>;
  if (typeof name !== 'string' || typeof message !== 'string') return [];
  return [{ name, message, ...(typeof code === 'string' ? { code } : {}) }];
}

const trimmedCause = ({ name, message, code }: ErrorCause): ErrorCause => ({
  name: truncateBytes(name, MAX_NAME_BYTES),
  message: truncateBytes(message, MAX_CAUSE_BYTES),
  ...(code === undefined ? {} : { code: truncateBytes(code, MAX_NAME_BYTES) }),
});

function trimmed({ attempt, at, error, message, stack, causes }: TaskFailure): TaskFailure {
  return Object.freeze({
    attempt,
    at: truncateBytes(at, 40),
    error: truncateBytes(error, MAX_NAME_BYTES),
    message: truncateBytes(message, MAX_MESSAGE_BYTES),
    ...(stack === undefined ? {} : { stack: stackText(stack.slice(0, MAX_STACK_BYTES)) }),
    ...(causes === undefined || causes.length === 0 ? {} : { causes: causes.map(trimmedCause) }),
  });
}

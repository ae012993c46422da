import type { DurationRange, OptionReader } from '../options/option-reader';
import { parseRetry, RETRY_OPTION_KEYS, type RetryOverrides } from '../retry/normalize-retry';
import { DAY, MINUTE } from '../time/duration';
import type { TaskDefaults } from './task-options';

/** How long an attempt may run where nobody says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15 * MINUTE;

/** A timer of Node's holds 24.8 days. */
const TIMEOUT_RANGE: DurationRange = Object.freeze({
  minMs: 0,
  maxMs: 24 * DAY,
  words: 'from 0 (no limit) to 24 days',
});

export const TASK_DEFAULT_KEYS = [...RETRY_OPTION_KEYS, 'timeout'] as const satisfies readonly (keyof TaskDefaults)[];

/** What one level (app, class or task) says about how tasks run. */
export interface TaskLevel {
  readonly retry: RetryOverrides;
  readonly timeoutMs: number | undefined;
}

/** Reads what one level says. Keys that are not about it are left to the caller. */
export function parseTaskDefaults(reader: OptionReader): TaskLevel {
  return Object.freeze({ retry: parseRetry(reader), timeoutMs: reader.duration('timeout', TIMEOUT_RANGE) });
}

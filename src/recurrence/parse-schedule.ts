import type { OptionReader } from '../options/option-reader';
import {
  type CatchUp,
  LAST_TICK,
  type Overlap,
  type Recurrence,
  type ScheduleRule,
  type ScheduleSettings,
} from '../task/schedule';
import { DAY, HOUR, SECOND } from '../time/duration';
import { MAX_INSTANT } from '../time/instant';
import { cronProblem, isTimeZone } from './cron';
import type { ScheduleOptions } from './schedule-options';
import { tickAfter } from './ticks';

export const DEFAULT_SCHEDULE = Object.freeze({
  timeZone: 'UTC',
  catchUp: 'last',
  catchUpLimit: 1_000,
  jitterMs: 0,
  overlap: 'allow',
  overlapTimeoutMs: DAY,
} as const);

/** What says when and how a schedule runs. */
export const SCHEDULE_SETTING_KEYS = [
  'cron',
  'timeZone',
  'every',
  'startAt',
  'endAt',
  'catchUp',
  'catchUpLimit',
  'jitter',
  'overlap',
  'overlapTimeout',
] as const satisfies readonly (keyof ScheduleOptions)[];
const CATCH_UPS = ['skip', 'last', 'all'] as const satisfies readonly CatchUp[];
const OVERLAPS = ['allow', 'skip'] as const satisfies readonly Overlap[];

/**
 * Reads all but the name and the payload of a schedule; `undefined` where its rule is of no use.
 *
 * @param overlapTimeoutMs - when a run counts as ended where the options do not say.
 */
export function parseScheduleSettings(
  reader: OptionReader,
  overlapTimeoutMs: number = DEFAULT_SCHEDULE.overlapTimeoutMs,
): ScheduleSettings | undefined {
  const rule = readRule(reader);
  const startAt = readInstant(reader, 'startAt', LAST_TICK);
  const endAt = readInstant(reader, 'endAt', MAX_INSTANT);
  const settings = {
    startAt,
    endAt,
    catchUp: reader.oneOf('catchUp', CATCH_UPS) ?? DEFAULT_SCHEDULE.catchUp,
    catchUpLimit: reader.wholeNumber('catchUpLimit', 1, 10_000) ?? DEFAULT_SCHEDULE.catchUpLimit,
    jitterMs:
      reader.duration('jitter', { minMs: 0, maxMs: 24 * HOUR, words: 'from 0 to 24 h' }) ?? DEFAULT_SCHEDULE.jitterMs,
    overlap: reader.oneOf('overlap', OVERLAPS) ?? DEFAULT_SCHEDULE.overlap,
    overlapTimeoutMs:
      reader.duration('overlapTimeout', { minMs: SECOND, maxMs: 30 * DAY, words: 'from 1 s to 30 days' }) ??
      overlapTimeoutMs,
  };
  if (rule === undefined) return undefined;
  noteEmpty(reader, { rule, startAt, endAt });
  return Object.freeze({ rule, ...settings });
}

function readRule(reader: OptionReader): ScheduleRule | undefined {
  const isCron = reader.value('cron') !== undefined;
  if (isCron === (reader.value('every') !== undefined)) {
    reader.note(`${reader.path('cron')} or ${reader.path('every')}: give exactly one of them`);
    return undefined;
  }
  if (isCron) return readCron(reader);
  if (reader.value('timeZone') !== undefined)
    reader.note(`${reader.path('timeZone')} is for cron alone: intervals are the same in all time zones`);
  const everyMs = reader.duration('every', { minMs: SECOND, maxMs: 3_100 * DAY, words: 'from 1 s to 8.5 years' });
  return everyMs === undefined ? undefined : Object.freeze({ kind: 'every', everyMs });
}

function readCron(reader: OptionReader): ScheduleRule | undefined {
  const cron = reader.value('cron');
  const timeZone = reader.value('timeZone') ?? DEFAULT_SCHEDULE.timeZone;
  const expected = typeof cron === 'string' ? cronProblem(cron) : 'a cron expression';
  if (expected !== undefined) reader.refuse('cron', expected);
  const isZone = typeof timeZone === 'string' && isTimeZone(timeZone);
  if (!isZone) reader.refuse('timeZone', 'an IANA time zone such as "Europe/Berlin"');
  if (expected !== undefined || !isZone) return undefined;
  return Object.freeze({ kind: 'cron', cron: (cron as string).trim().replace(/\s+/g, ' '), timeZone });
}

function readInstant(reader: OptionReader, key: 'startAt' | 'endAt', latest: number): number | undefined {
  const value = reader.value(key);
  if (value === undefined) return undefined;
  const isInstant = isDate(value) || typeof value === 'number' || typeof value === 'string';
  const at = isInstant ? new Date(value).getTime() : Number.NaN;
  if (at >= -MAX_INSTANT && at <= latest) return at;
  const range = at > latest ? ', before the year 10000' : '';
  return reader.refuse(key, `a Date, milliseconds since 1970 or an ISO 8601 text${range}`);
}

/** A date of another realm (a `vm` context, as Jest makes them) is no `instanceof` of this one's. */
const isDate = (value: unknown): value is Date => Object.prototype.toString.call(value) === '[object Date]';

function noteEmpty(reader: OptionReader, recurrence: Recurrence): void {
  const { startAt, endAt } = recurrence;
  if (startAt === undefined && endAt === undefined) return;
  if (tickAfter(recurrence, (startAt ?? 0) - 1) !== undefined) return;
  if (endAt !== undefined) reader.note(`${reader.path('endAt')} comes before the first run`);
  else reader.note(`${reader.path('startAt')} leaves no run before the year 10000`);
}

import { Cron } from 'croner';
import { describeThrown } from '../errors/describe-thrown';

/** Reading an expression costs more than asking it: those in use are few, and kept. */
const MAX_KEPT = 1_000;
const kept = new Map<string, Cron>();

/** Instants from which an expression is asked whether it ever happens: a leap day is at most eight years away. */
const ASKED_FROM = Date.UTC(2024, 0, 1);

/**
 * The first time after an instant, or `undefined` when there is none.
 *
 * Where clocks change, an expression whose time fields have neither `*` nor steps names times of the day: each happens
 * once a day, in spring at the end of the hour that is left out, in autumn in the first of the two. Any other counts real time.
 */
export function nextCronTime(cron: string, timeZone: string, after: number): number | undefined {
  return compiled(cron, timeZone).nextRun(new Date(after))?.getTime();
}

/** The last time before an instant, or `undefined`. */
export function previousCronTime(cron: string, timeZone: string, before: number): number | undefined {
  return compiled(cron, timeZone).previousRuns(1, new Date(before))[0]?.getTime();
}

/** Why an expression cannot be used, or `undefined` where it can. */
export function cronProblem(cron: string): string | undefined {
  // croner also reads ISO instants, and puts the current time in place of "?": neither is a rule.
  if (cron.length > 200 || !/^(?:@[a-z]+|[^\s@?]+(?:\s+[^\s@?]+){4,5})$/i.test(cron.trim())) {
    return 'a cron expression of five fields, six with seconds, or a nickname such as "@daily"';
  }
  try {
    if (nextCronTime(cron, 'UTC', ASKED_FROM) !== undefined) return undefined;
    return 'an expression that happens at all (no month has this day)';
  } catch (error) {
    return `a cron expression (${describeThrown(error, 200).message.replace(/^CronPattern: /, '')})`;
  }
}

/** Whether this is the name of a time zone here. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function compiled(cron: string, timeZone: string): Cron {
  const key = `${timeZone} ${cron}`;
  const existing = kept.get(key);
  if (existing !== undefined) return existing;
  if (kept.size >= MAX_KEPT) kept.clear();
  const made = new Cron(cron.trim(), {
    timezone: timeZone,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    paused: true,
  });
  kept.set(key, made);
  return made;
}

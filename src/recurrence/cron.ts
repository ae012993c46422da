import { Cron } from 'croner';
import { describeThrown } from '../errors/describe-thrown';

/** Reading an expression, or a zone, costs a good part of a millisecond. Those in use are few, and kept. */
const MAX_KEPT = 1_000;
const compiled = keepingAnswers((key: string): Cron => {
  const [timeZone = '', cron = ''] = key.split('\n');
  return new Cron(cron, { timezone: timeZone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard', paused: true });
});

/** Instants from which an expression is asked whether it ever happens: a leap day is at most eight years away. */
const ASKED_FROM = Date.UTC(2024, 0, 1);

/**
 * The first time after an instant, or `undefined` when there is none.
 *
 * Where clocks change, an expression whose time fields have neither `*` nor steps names times of the day: each happens
 * once a day, in spring at the end of the hour that is left out, in autumn in the first of the two. Any other counts real time.
 */
export function nextCronTime(cron: string, timeZone: string, after: number): number | undefined {
  return compiled(`${timeZone}\n${cron}`).nextRun(new Date(after))?.getTime();
}

/** The last time before an instant, or `undefined`. */
export function previousCronTime(cron: string, timeZone: string, before: number): number | undefined {
  return compiled(`${timeZone}\n${cron}`).previousRuns(1, new Date(before))[0]?.getTime();
}

/** Why an expression cannot be used, or `undefined` where it can. */
export const cronProblem = (cron: string): string | undefined => verdict(cron).problem;

/** Whether this is the name of a time zone here. */
export const isTimeZone = (name: string): boolean => knownZone(name);

const verdict = keepingAnswers((cron: string): { readonly problem: string | undefined } => ({
  problem: problemOf(cron),
}));

function problemOf(cron: string): string | undefined {
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

const knownZone = keepingAnswers((name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
});

function keepingAnswers<T>(ask: (key: string) => T): (key: string) => T {
  const kept = new Map<string, T>();
  return (key) => {
    const existing = kept.get(key);
    if (existing !== undefined) return existing;
    if (kept.size >= MAX_KEPT) kept.clear();
    const answer = ask(key);
    kept.set(key, answer);
    return answer;
  };
}

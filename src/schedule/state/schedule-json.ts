import { createHash } from 'node:crypto';
import { cronProblem, isTimeZone } from '../../recurrence/cron';
import { nameProblem, queueNameProblem } from '../../task/names';
import { LAST_TICK, type ScheduleRule } from '../../task/schedule';
import { DAY, SECOND } from '../../time/duration';
import { MAX_INSTANT } from '../../time/instant';
import { list, object, oneOf, optional, readable, readPart, shortText, text, whole, wrongShape } from './json-shape';
import type { Release, StoredSchedule, UnusableSchedule } from './state';

/** The longest interval, and the longest wait on the delay ladder (8.5 years). */
const MAX_EVERY_MS = 3_100 * DAY;
const MAX_DELAY_MS = 3_100 * DAY;
const MAX_PROBLEM_BYTES = 1_000;

/** A schedule with its keys in one order, so that two that say the same read the same. */
export function storedSchedule(said: StoredSchedule): StoredSchedule {
  const { name, task, queue, body, contentType, rule, startAt, endAt } = said;
  const { catchUp, catchUpLimit, jitterMs, overlap, overlapTimeoutMs } = said;
  const times = { rule: orderedRule(rule), startAt, endAt };
  return { name, task, queue, ...times, catchUp, catchUpLimit, jitterMs, overlap, overlapTimeoutMs, contentType, body };
}

function orderedRule(rule: ScheduleRule): ScheduleRule {
  if (rule.kind === 'every') return { kind: rule.kind, everyMs: rule.everyMs };
  return { kind: rule.kind, cron: rule.cron, timeZone: rule.timeZone };
}

/** Reads what `JSON.stringify` made of a schedule. What it says is checked: a rule that cannot be computed would stop all others. */
export function readSchedule(value: unknown): StoredSchedule {
  const json = object(value);
  return storedSchedule({
    name: checked('name', json['name'], (name) => nameProblem(name, 'it')),
    task: checked('task', json['task'], (task) => nameProblem(task, 'it')),
    queue: checked('queue', json['queue'], queueNameProblem),
    rule: readRule(json['rule']),
    startAt: optional(json['startAt'], (at) => between('startAt', at, -MAX_INSTANT, LAST_TICK)),
    endAt: optional(json['endAt'], whole),
    catchUp: oneOf(json['catchUp'], ['skip', 'last', 'all'] as const),
    catchUpLimit: between('catchUpLimit', json['catchUpLimit'], 1, 10_000),
    jitterMs: between('jitterMs', json['jitterMs'], 0, MAX_DELAY_MS),
    overlap: oneOf(json['overlap'], ['allow', 'skip'] as const),
    overlapTimeoutMs: between('overlapTimeoutMs', json['overlapTimeoutMs'], 0, Number.MAX_SAFE_INTEGER),
    contentType: shortText(json['contentType']),
    body: text(json['body']),
  });
}

/** Reads what a worker says of its code. A schedule that cannot be used leaves the others as they are. */
export function readRelease(value: unknown): Release {
  const json = object(value);
  const queues = list(json['queues'], (queue) => shortText(queue));
  const parts = list(json['schedules'], (each) => ({ each, read: readPart(each, readSchedule) }));
  const schedules = parts.flatMap(({ read }) => (read.ok ? [read.value] : []));
  const unread = parts.flatMap(({ each, read }) => (read.ok ? [] : [{ name: nameOf(each), problem: read.problem }]));
  const unusable = [...(optional(json['unusable'], (all) => readable(all, readUnusable)) ?? []), ...unread];
  return unusable.length === 0 ? { queues, schedules } : { queues, schedules, unusable };
}

function readUnusable(value: unknown): UnusableSchedule {
  const json = object(value);
  return { name: shortText(json['name']), problem: shortText(json['problem'], MAX_PROBLEM_BYTES) };
}

/** The name of a schedule that cannot be used, by which it can be removed: of one without a name, what it consists of. */
export function nameOf(value: unknown): string {
  const name = typeof value === 'object' && value !== null ? (value as { readonly name?: unknown }).name : undefined;
  if (nameProblem(name, '') === undefined) return name as string;
  return `unreadable-${createHash('sha256').update(stableText(value)).digest('hex').slice(0, 12)}`;
}

/** JSON that is nested too deep cannot be written again. */
export function stableText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

function readRule(value: unknown): ScheduleRule {
  const json = object(value);
  if (oneOf(json['kind'], ['cron', 'every'] as const) === 'every') {
    return { kind: 'every', everyMs: between('everyMs', json['everyMs'], SECOND, MAX_EVERY_MS) };
  }
  const cron = checked('cron', json['cron'], (text) => {
    const expected = cronProblem(text as string);
    return expected === undefined ? undefined : `it must be ${expected}`;
  });
  const timeZone = checked('timeZone', json['timeZone'], (zone) =>
    isTimeZone(zone as string) ? undefined : `this process knows no time zone ${JSON.stringify(zone).slice(0, 80)}`,
  );
  return { kind: 'cron', cron, timeZone };
}

function checked(what: string, value: unknown, problemOf: (value: unknown) => string | undefined): string {
  const given = shortText(value);
  const problem = problemOf(given);
  return problem === undefined ? given : wrongShape(`${what}: ${problem}`);
}

function between(what: string, value: unknown, min: number, max: number): number {
  const given = whole(value);
  return given >= min && given <= max ? given : wrongShape(`${what}: ${given} is out of range`);
}

import { cronProblem, isTimeZone } from '../recurrence/cron';
import { nameProblem, queueNameProblem } from '../task/names';
import type { ScheduleRule } from '../task/schedule';
import { SECOND } from '../time/duration';
import { list, object, oneOf, optional, text, whole, wrongShape } from './json-shape';
import type { Release, StoredSchedule } from './state';

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
    name: named(json['name'], (name) => nameProblem(name, '')),
    task: named(json['task'], (task) => nameProblem(task, '')),
    queue: named(json['queue'], queueNameProblem),
    rule: readRule(json['rule']),
    startAt: optional(json['startAt'], whole),
    endAt: optional(json['endAt'], whole),
    catchUp: oneOf(json['catchUp'], ['skip', 'last', 'all'] as const),
    catchUpLimit: between(json['catchUpLimit'], 1, 10_000),
    jitterMs: between(json['jitterMs'], 0, Number.MAX_SAFE_INTEGER),
    overlap: oneOf(json['overlap'], ['allow', 'skip'] as const),
    overlapTimeoutMs: between(json['overlapTimeoutMs'], 0, Number.MAX_SAFE_INTEGER),
    contentType: text(json['contentType']),
    body: text(json['body']),
  });
}

export function readRelease(value: unknown): Release {
  const json = object(value);
  return { queues: list(json['queues'], text), schedules: list(json['schedules'], readSchedule) };
}

function readRule(value: unknown): ScheduleRule {
  const json = object(value);
  if (oneOf(json['kind'], ['cron', 'every'] as const) === 'every') {
    return { kind: 'every', everyMs: between(json['everyMs'], SECOND, Number.MAX_SAFE_INTEGER) };
  }
  const cron = named(json['cron'], (text) => cronProblem(text as string));
  const timeZone = named(json['timeZone'], (zone) => (isTimeZone(zone as string) ? undefined : 'unknown'));
  return { kind: 'cron', cron, timeZone };
}

function named(value: unknown, problem: (value: unknown) => string | undefined): string {
  const given = text(value);
  return problem(given) === undefined ? given : wrongShape('name');
}

function between(value: unknown, min: number, max: number): number {
  const given = whole(value);
  return given >= min && given <= max ? given : wrongShape('range');
}

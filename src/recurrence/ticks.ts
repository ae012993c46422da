import type { Recurrence, ScheduleRule } from '../task/schedule';
import { nextCronTime, previousCronTime } from './cron';

/** The first tick after an instant, or `undefined` when there is none any more. */
export function tickAfter(recurrence: Recurrence, after: number): number | undefined {
  const { rule, startAt, endAt } = recurrence;
  // A tick at `startAt` itself counts.
  const from = startAt === undefined ? after : Math.max(after, startAt - 1);
  const next = nextOf(rule, from, startAt ?? 0);
  return next === undefined || next > (endAt ?? Number.POSITIVE_INFINITY) ? undefined : next;
}

/**
 * The ticks after one instant and up to another, oldest first; of more than `limit`, the latest.
 *
 * They are looked for backwards: of years of seconds, only so many are ever computed.
 */
export function latestTicks(recurrence: Recurrence, after: number, until: number, limit: number): readonly number[] {
  const { rule, startAt, endAt } = recurrence;
  const lowest = Math.max(after + 1, startAt ?? Number.NEGATIVE_INFINITY);
  const ticks: number[] = [];
  let before = Math.min(until, endAt ?? Number.POSITIVE_INFINITY) + 1;
  while (ticks.length < limit) {
    const tick = previousOf(rule, before, startAt ?? 0);
    if (tick === undefined || tick < lowest) break;
    ticks.unshift(tick);
    before = tick;
  }
  return ticks;
}

function nextOf(rule: ScheduleRule, after: number, anchor: number): number | undefined {
  if (rule.kind === 'cron') return nextCronTime(rule.cron, rule.timeZone, after);
  return anchor + (Math.floor((after - anchor) / rule.everyMs) + 1) * rule.everyMs;
}

function previousOf(rule: ScheduleRule, before: number, anchor: number): number | undefined {
  if (rule.kind === 'cron') return previousCronTime(rule.cron, rule.timeZone, before);
  return anchor + (Math.ceil((before - anchor) / rule.everyMs) - 1) * rule.everyMs;
}

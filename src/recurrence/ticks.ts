import { LAST_TICK, type Recurrence, type ScheduleRule } from '../task/schedule';
import { nextCronTime, previousCronTime } from './cron';

/**
 * The first tick after an instant, or `undefined` when there is none any more. Ticks lie between 1970 and the year 9999:
 * beyond that, cron rules cannot be computed.
 */
export function tickAfter(recurrence: Recurrence, after: number): number | undefined {
  const { rule, startAt, endAt } = recurrence;
  // A tick at `startAt` itself counts.
  const from = Math.max(after, (startAt ?? 0) - 1, -1);
  const last = Math.min(endAt ?? LAST_TICK, LAST_TICK);
  if (from >= last) return undefined;
  const next = nextOf(rule, from, startAt ?? 0);
  return next === undefined || next > last ? undefined : next;
}

/**
 * The ticks after one instant and up to another, oldest first; of more than `limit`, the latest.
 *
 * They are looked for backwards: of years of seconds, only so many are ever computed.
 */
export function latestTicks(recurrence: Recurrence, after: number, until: number, limit: number): readonly number[] {
  const { rule, startAt, endAt } = recurrence;
  const lowest = Math.max(after + 1, startAt ?? 0, 0);
  const ticks: number[] = [];
  let before = Math.min(until, endAt ?? LAST_TICK, LAST_TICK) + 1;
  while (ticks.length < limit && before > lowest) {
    const tick = previousOf(rule, before, startAt ?? 0);
    if (tick === undefined || tick < lowest) break;
    ticks.push(tick);
    before = tick;
  }
  return ticks.reverse();
}

function nextOf(rule: ScheduleRule, after: number, anchor: number): number | undefined {
  if (rule.kind === 'cron') return nextCronTime(rule.cron, rule.timeZone, after);
  return anchor + (Math.floor((after - anchor) / rule.everyMs) + 1) * rule.everyMs;
}

function previousOf(rule: ScheduleRule, before: number, anchor: number): number | undefined {
  if (rule.kind === 'cron') return previousCronTime(rule.cron, rule.timeZone, before);
  return anchor + (Math.ceil((before - anchor) / rule.everyMs) - 1) * rule.everyMs;
}

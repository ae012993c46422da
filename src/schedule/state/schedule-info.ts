import { describeRule } from '../../recurrence/describe-rule';
import { DEFAULT_SCHEDULE } from '../../recurrence/parse-schedule';
import { tickAfter } from '../../recurrence/ticks';
import type { CatchUp, Overlap } from '../../task/schedule';
import type { ScheduleEntry, ScheduleState } from './state';
import { type UnusableInfo, unusableSchedules } from './unusable-schedules';

/** A schedule as it stands on the broker. */
export interface ScheduleInfo {
  readonly name: string;
  readonly task: string;
  /** The home queue of its task. */
  readonly queue: string;
  /** `0 3 * * * (Europe/Berlin)`, `every 5m`. */
  readonly rule: string;
  /** Where it is defined: in the code of a worker, or while running. */
  readonly origin: 'code' | 'run-time';
  /** `ended`: it has no tick any more. `unusable`: it is stored, and cannot be used; it makes no ticks. */
  readonly state: 'active' | 'paused' | 'ended' | 'unusable';
  /** Why it cannot be used. */
  readonly problem?: string;
  /** The tick that was run last. */
  readonly lastTick: Date | undefined;
  /** The tick that comes next, unless it is paused. */
  readonly nextTick: Date | undefined;
  /** With `overlap: 'skip'`, the id of the run that has not ended. */
  readonly running: string | undefined;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  readonly jitterMs: number;
  readonly startAt: Date | undefined;
  readonly endAt: Date | undefined;
}

/** What a state tells about its schedules, by name. */
export function scheduleInfos(state: ScheduleState, now: number): readonly ScheduleInfo[] {
  const usable = [...state.entries.values()]
    .filter(({ dormantSince }) => dormantSince === undefined)
    .map((entry) => scheduleInfo(entry, now));
  return [...usable, ...unusableSchedules(state).map(unusableInfo)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function unusableInfo(unusable: UnusableInfo): ScheduleInfo {
  return Object.freeze({
    ...unusable,
    rule: '',
    state: 'unusable',
    lastTick: undefined,
    nextTick: undefined,
    running: undefined,
    catchUp: DEFAULT_SCHEDULE.catchUp,
    overlap: DEFAULT_SCHEDULE.overlap,
    jitterMs: 0,
    startAt: undefined,
    endAt: undefined,
  });
}

function scheduleInfo(entry: ScheduleEntry, now: number): ScheduleInfo {
  const { schedule, origin, paused, position, lastTick, awaited } = entry;
  const { name, task, queue, catchUp, overlap, jitterMs, startAt, endAt } = schedule;
  // With nobody there to make it, one that has passed is no answer to when it will run.
  const next = tickAfter(schedule, Math.max(position, now));
  return Object.freeze({
    name,
    task,
    queue,
    rule: describeRule(schedule),
    origin,
    state: paused ? 'paused' : next === undefined ? 'ended' : 'active',
    lastTick: dateOf(lastTick),
    nextTick: paused ? undefined : dateOf(next),
    running: awaited?.id,
    catchUp,
    overlap,
    jitterMs,
    startAt: dateOf(startAt),
    endAt: dateOf(endAt),
  });
}

const dateOf = (at: number | undefined): Date | undefined => (at === undefined ? undefined : new Date(at));

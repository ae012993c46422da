import { latestTicks, tickAfter } from '../../recurrence/ticks';
import type { ScheduleEntry, StoredSchedule } from '../state/state';

/** A task that is to be enqueued. */
export interface Tick {
  readonly id: string;
  readonly schedule: StoredSchedule;
  /** The instant that it stands for; milliseconds since 1970. */
  readonly at: number;
  /** The command that asked for it now, beside its times. */
  readonly command: string | undefined;
}

/** Ticks that were left out, and why. */
export interface SkippedTicks {
  readonly name: string;
  readonly reason: 'missed' | 'overlap';
  /** The first moment after which ticks were left out, and the last; milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

export interface DueTicks {
  readonly entry: ScheduleEntry;
  readonly ticks: readonly Tick[];
  readonly skipped: readonly SkippedTicks[];
}

/** No more are run of those that are only late. A change of leaders takes seconds, and a second is the shortest interval. */
const MAX_LATE = 1_000;

/** The id of a tick's task: whoever makes it again, makes it with the same. */
export const tickId = (name: string, at: number): string => `${name}@${new Date(at).toISOString()}`;

/** Asking a time zone costs half a millisecond, and an entry that does not change is asked again and again. */
const nextTicks = new WeakMap<ScheduleEntry, { readonly at: number | undefined }>();

/** The next tick that an entry will make, or `undefined` while it makes none. */
export function nextTickOf(entry: ScheduleEntry): number | undefined {
  if (entry.paused || entry.dormantSince !== undefined) return undefined;
  const known = nextTicks.get(entry) ?? { at: tickAfter(entry.schedule, entry.position) };
  nextTicks.set(entry, known);
  return known.at;
}

/**
 * What is to be done for an entry now.
 *
 * @param graceMs - a tick that is late by no more was not missed: leaders changed.
 */
export function dueTicks(entry: ScheduleEntry, now: number, graceMs: number): DueTicks {
  const next = nextTickOf(entry);
  if (next === undefined || next > now) return { entry, ticks: [], skipped: [] };
  const { schedule, position } = entry;
  const chosen = chosenTicks(schedule, position, now, graceMs);
  const last = chosen.at(-1) ?? latestTicks(schedule, position, now, 1).at(-1) ?? now;
  const first = chosen[0] ?? last + 1;
  const skipped: SkippedTicks[] =
    next < first ? [{ name: schedule.name, reason: 'missed', from: next, until: first - 1 }] : [];
  return withoutOverlap({ ...entry, position: last }, chosen, now, skipped);
}

function chosenTicks(schedule: StoredSchedule, position: number, now: number, graceMs: number): readonly number[] {
  const { catchUp, catchUpLimit } = schedule;
  if (catchUp === 'all') return latestTicks(schedule, position, now, catchUpLimit);
  const late = latestTicks(schedule, Math.max(position, now - graceMs - 1), now, MAX_LATE);
  if (late.length > 0 || catchUp === 'skip') return late;
  return latestTicks(schedule, position, now, 1);
}

function withoutOverlap(
  entry: ScheduleEntry,
  chosen: readonly number[],
  now: number,
  missed: readonly SkippedTicks[],
): DueTicks {
  const { schedule } = entry;
  const awaits = schedule.overlap === 'skip';
  const ticks: Tick[] = [];
  const overlapping: number[] = [];
  let { awaited, lastTick } = entry;
  for (const at of chosen) {
    if (awaits && awaited !== undefined && isWithin(now - awaited.at, schedule.overlapTimeoutMs + schedule.jitterMs)) {
      overlapping.push(at);
      continue;
    }
    const id = tickId(schedule.name, at);
    ticks.push({ id, schedule, at, command: undefined });
    lastTick = at;
    awaited = awaits ? { id, at: Math.max(at, now) } : undefined;
  }
  const [from = 0] = overlapping;
  const until = overlapping.at(-1) ?? from;
  const overlap: SkippedTicks = { name: schedule.name, reason: 'overlap', from, until };
  const skipped = overlapping.length === 0 ? missed : [...missed, overlap];
  return { entry: { ...entry, lastTick, awaited }, ticks, skipped };
}

/** A clock that went back must not make it wait for more than that time. */
const isWithin = (age: number, ms: number): boolean => Math.abs(age) < ms;

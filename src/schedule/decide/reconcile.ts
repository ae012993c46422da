import { DAY, MINUTE } from '../../time/duration';
import { entriesBytes, MAX_ALL_ENTRIES_BYTES, scheduleBytes } from '../state/limits';
import {
  isSameMap,
  newEntry,
  type ScheduleEntry,
  type ScheduleState,
  type StoredSchedule,
  setAsideOf,
  type WorkerSeen,
  withSchedule,
  withSetAside,
} from '../state/state';

/** How often a worker says that it is there. The leader's own word renews the state, which must not be out for 30 minutes. */
export const HELLO_MS = 20 * MINUTE;
/** After two words that did not come, a worker counts as gone. */
const GONE_MS = 41 * MINUTE;
/** How long a schedule that went with its code is kept, so that a roll-back goes on where it was. */
const DORMANT_MS = DAY;

/** Brings the schedules of code in line with the workers that are alive. */
export function reconcile(state: ScheduleState, now: number): ScheduleState {
  const living = livingOnly(state, now);
  const carried = carriedSchedules(living);
  const served = new Set([...living.releases.values()].flatMap(({ queues }) => queues));
  const entries = new Map<string, ScheduleEntry>();
  for (const [name, entry] of living.entries) {
    const kept = carried.has(name) ? entry : uncarried(entry, served, now);
    if (kept !== undefined) entries.set(name, kept);
  }
  let room = MAX_ALL_ENTRIES_BYTES - entriesBytes(living);
  for (const [name, schedule] of carried) {
    const entry = entries.get(name);
    if (entry === undefined) room -= scheduleBytes(schedule);
    if (entry !== undefined || room >= 0) entries.set(name, carriedEntry(entry, schedule, now));
  }
  const isSame = isSameMap(entries, living.entries);
  if (isSame) return living;
  // One that a worker carries and that can be used takes the place of one of its name that could not.
  return withSetAside({ ...living, entries }, setAsideOf(living));
}

function livingOnly(state: ScheduleState, now: number): ScheduleState {
  const workers = new Map(
    [...state.workers].flatMap(([id, worker]) => {
      // A leader whose clock was ahead has seen it: its time begins now.
      const seenAt = Math.min(worker.seenAt, now);
      return now - seenAt < GONE_MS ? [[id, seenAt === worker.seenAt ? worker : { ...worker, seenAt }] as const] : [];
    }),
  );
  const spoken = new Set([...workers.values()].map(({ release }) => release));
  const releases = new Map([...state.releases].filter(([key]) => spoken.has(key)));
  if (isSameMap(workers, state.workers) && releases.size === state.releases.size) return state;
  return { ...state, workers, releases };
}

/** Of several definitions, that of the worker that started last: during a deploy, the new version's. */
function carriedSchedules({ workers, releases }: ScheduleState): ReadonlyMap<string, StoredSchedule> {
  const carried = new Map<string, StoredSchedule>();
  for (const [, { release }] of [...workers].sort(byStart)) {
    const schedules = release === undefined ? [] : (releases.get(release)?.schedules ?? []);
    for (const schedule of schedules) carried.set(schedule.name, schedule);
  }
  return carried;
}

/** A name that living workers give to schedules of several tasks. */
export interface NameClash {
  readonly name: string;
  readonly tasks: readonly string[];
}

/** Names that mean different tasks to different workers: of one service in two versions, or of two services. */
export function nameClashes({ releases }: ScheduleState): readonly NameClash[] {
  const tasks = new Map<string, Set<string>>();
  for (const { name, task } of [...releases.values()].flatMap(({ schedules }) => schedules)) {
    tasks.set(name, (tasks.get(name) ?? new Set()).add(task));
  }
  return [...tasks].flatMap(([name, named]) => (named.size > 1 ? [{ name, tasks: [...named].sort() }] : []));
}

/** The id decides between two that started in one millisecond, so that every leader finds the same order. */
function byStart([idA, a]: readonly [string, WorkerSeen], [idB, b]: readonly [string, WorkerSeen]): number {
  return a.startedAt - b.startedAt || (idA < idB ? -1 : 1);
}

function carriedEntry(entry: ScheduleEntry | undefined, schedule: StoredSchedule, now: number): ScheduleEntry {
  if (entry === undefined) return newEntry(schedule, 'code', now);
  const current = withSchedule(entry, schedule, now);
  if (current.origin === 'code' && current.dormantSince === undefined) return current;
  return { ...current, origin: 'code', dormantSince: undefined };
}

/** @param served - the queues of living workers: only who serves its queue can tell that a schedule has gone. */
function uncarried(entry: ScheduleEntry, served: ReadonlySet<string>, now: number): ScheduleEntry | undefined {
  if (entry.origin === 'run-time') return entry;
  if (entry.dormantSince !== undefined) return Math.abs(now - entry.dormantSince) < DORMANT_MS ? entry : undefined;
  return served.has(entry.schedule.queue) ? { ...entry, dormantSince: now } : entry;
}

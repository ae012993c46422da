import type { Recurrence, ScheduleSettings } from '../../task/schedule';

/** A schedule with all that a tick needs: whoever leads may never have seen the code of its task. */
export interface StoredSchedule extends ScheduleSettings {
  readonly name: string;
  readonly task: string;
  readonly queue: string;
  /** The encoded payload, as text. */
  readonly body: string;
  readonly contentType: string;
}

/** A run that has not been told to have ended. */
export interface AwaitedRun {
  readonly id: string;
  /** The instant of its tick. */
  readonly at: number;
}

/** What is remembered of one schedule. All instants are milliseconds since 1970. */
export interface ScheduleEntry {
  readonly schedule: StoredSchedule;
  readonly origin: 'code' | 'run-time';
  readonly paused: boolean;
  /** Ticks up to here were run or left out: the next ones come after it. */
  readonly position: number;
  /** The tick that was run last. */
  readonly lastTick: number | undefined;
  /** Only with `overlap: 'skip'`. */
  readonly awaited: AwaitedRun | undefined;
  /** Since when no living worker carries it though one serves its queue. It makes no ticks, and is forgotten after a while. */
  readonly dormantSince: number | undefined;
}

/** A stored schedule that this process cannot use, such as one of a time zone that only newer versions of Node.js know. */
export interface UnusableEntry {
  /** Under which it is listed and removed: its name, where it has one. */
  readonly name: string;
  /** Empty where it names none. */
  readonly task: string;
  readonly queue: string;
  readonly origin: 'code' | 'run-time';
  readonly problem: string;
  /** Its entry as it was stored: another process may be able to use it. */
  readonly json: string;
}

/** A schedule in the code of a worker that this process cannot use. */
export interface UnusableSchedule {
  readonly name: string;
  readonly problem: string;
}

/** What workers of one version say: the schedules in their code, and the queues that they serve. */
export interface Release {
  readonly queues: readonly string[];
  readonly schedules: readonly StoredSchedule[];
  /** Those in its code that could not be read; absent where there are none. */
  readonly unusable?: readonly UnusableSchedule[];
}

export interface WorkerSeen {
  /** The key of its release; `undefined`: it has left, and what else it said before that may still come. */
  readonly release: string | undefined;
  readonly startedAt: number;
  /** When its last word came, by the leader's clock. */
  readonly seenAt: number;
}

/** How a change was answered. */
export interface Answer {
  /** The id of the command. */
  readonly id: string;
  readonly refusal: Refusal | undefined;
  /** What is wrong with a schedule that is refused as `unusable`. */
  readonly problem?: string | undefined;
}

export type Refusal = 'unknown' | 'exists' | 'in-code' | 'full' | 'not-enqueued' | 'unusable';

/** All that is known of the schedules of a virtual host. */
export interface ScheduleState {
  /** Counts the leaders: what one of an earlier number writes is void. */
  readonly fence: number;
  /** Counts what this leader wrote. */
  readonly seq: number;
  readonly entries: ReadonlyMap<string, ScheduleEntry>;
  /** Stored schedules that are set aside: kept and listed, without ticks. No name is in both maps. Absent where there are none. */
  readonly unusable?: ReadonlyMap<string, UnusableEntry>;
  readonly releases: ReadonlyMap<string, Release>;
  /** By the id of each process. */
  readonly workers: ReadonlyMap<string, WorkerSeen>;
  /** The latest, oldest first. */
  readonly answers: readonly Answer[];
}

export const EMPTY_STATE: ScheduleState = Object.freeze({
  fence: 0,
  seq: 0,
  entries: new Map(),
  releases: new Map(),
  workers: new Map(),
  answers: [],
});

/** An entry of a schedule that was not known before: ticks count from now. */
export function newEntry(schedule: StoredSchedule, origin: ScheduleEntry['origin'], now: number): ScheduleEntry {
  return {
    schedule,
    origin,
    paused: false,
    position: now,
    lastTick: undefined,
    awaited: undefined,
    dormantSince: undefined,
  };
}

/** Takes what a schedule says now. Where it says other times, they count from now: earlier ones were never promised. */
export function withSchedule(entry: ScheduleEntry, schedule: StoredSchedule, now: number): ScheduleEntry {
  if (entry.schedule === schedule || isSame(entry.schedule, schedule)) return entry;
  const sameTimes = isSame(timesOf(entry.schedule), timesOf(schedule));
  return { ...entry, schedule, position: sameTimes ? entry.position : Math.max(entry.position, now) };
}

const timesOf = ({ rule, startAt, endAt }: Recurrence): Recurrence => ({ rule, startAt, endAt });

/** Both were read by the same code, so their keys stand in the same order. */
const isSame = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether one state makes another void. */
export function isNewer(a: Pick<ScheduleState, 'fence' | 'seq'>, b: Pick<ScheduleState, 'fence' | 'seq'>): boolean {
  return a.fence > b.fence || (a.fence === b.fence && a.seq > b.seq);
}

/** Copies that nobody else has seen yet: thousands of changes of one round need not copy thousands of entries each. */
const drafts = new WeakSet<object>();

/** A copy of a map that `withKey` changes in place. It must not leave the function that made it before `asFinal`. */
export function asDraft<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  if (drafts.has(map)) return map;
  const draft = new Map(map);
  drafts.add(draft);
  return draft;
}

/** Ends a draft: the map is not changed any more. */
export function asFinal<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  drafts.delete(map);
  return map;
}

/** A changed copy of a map; `undefined` removes the key. */
export function withKey<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  if (map.get(key) === value) return map;
  const changed = drafts.has(map) ? (map as Map<K, V>) : new Map(map);
  if (value === undefined) changed.delete(key);
  else changed.set(key, value);
  return changed;
}

export function isSameMap<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

const NONE_UNUSABLE: ReadonlyMap<string, UnusableEntry> = new Map();

/** The schedules that are set aside. */
export const setAsideOf = ({ unusable }: Pick<ScheduleState, 'unusable'>): ReadonlyMap<string, UnusableEntry> =>
  unusable ?? NONE_UNUSABLE;

/** The state with other schedules set aside: none of them under the name of one that can be used. */
export function withSetAside(state: ScheduleState, unusable: ReadonlyMap<string, UnusableEntry>): ScheduleState {
  const kept = [...unusable].filter(([name]) => !state.entries.has(name));
  const { unusable: _before, ...rest } = state;
  return kept.length === 0 ? rest : { ...rest, unusable: new Map(kept) };
}

/** What is known of a state, with what was noted meanwhile by somebody who did not have it. */
export function joinStates(known: ScheduleState, meanwhile: ScheduleState): ScheduleState {
  const joined = {
    fence: meanwhile.fence,
    seq: meanwhile.seq,
    entries: new Map([...meanwhile.entries, ...known.entries]),
    releases: new Map([...known.releases, ...meanwhile.releases]),
    workers: new Map([...known.workers, ...meanwhile.workers]),
    answers: [...known.answers, ...meanwhile.answers],
  };
  return withSetAside(joined, new Map([...setAsideOf(meanwhile), ...setAsideOf(known)]));
}

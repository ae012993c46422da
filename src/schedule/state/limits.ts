import {
  joinStates,
  type Release,
  type ScheduleEntry,
  type ScheduleState,
  type StoredSchedule,
  setAsideOf,
} from './state';

const MIB = 1024 * 1024;

/** One schedule, and all that are added while running, together with those of code. */
export const MAX_ENTRY_BYTES = 4 * MIB;
/** All schedules, those in code included: more of them are not taken from code either. */
export const MAX_ALL_ENTRIES_BYTES = 6 * MIB;
/** What living workers say that they carry. */
export const MAX_RELEASES_BYTES = 4 * MIB;
/** Workers with schedules, or in a virtual host with schedules, that are remembered. */
export const MAX_WORKERS = 5_000;
/** Above this, no message of the queue of schedules was written by Warren. */
export const MAX_MESSAGE_BYTES = 6 * MIB;
/** Schedules and what workers carry, together. */
export const MAX_KNOWN_BYTES = 11 * MIB;
/** All of it, with workers and answers; RabbitMQ refuses messages above 16 MiB. */
export const MAX_STATE_BYTES = 14 * MIB;

/** About what an entry takes beside its schedule. */
const ENTRY_BYTES = 200;

const sizes = new WeakMap<object, number>();

/** The bytes of a value in JSON: counted once, since values are never changed. */
function jsonBytes(value: object): number {
  const known = sizes.get(value) ?? Buffer.byteLength(JSON.stringify(value));
  sizes.set(value, known);
  return known;
}

/** What one schedule takes in the state. */
export const scheduleBytes = (schedule: StoredSchedule): number => jsonBytes(schedule) + ENTRY_BYTES;

/** Why a schedule cannot be stored, or `undefined` where it can. */
export function storageProblem(schedule: StoredSchedule): string | undefined {
  const bytes = scheduleBytes(schedule);
  if (bytes <= MAX_ENTRY_BYTES) return undefined;
  return `its payload is too large: it would take ${bytes} bytes of the ${MAX_ENTRY_BYTES} that all schedules have together; make the payload a reference`;
}

export const releaseBytes = (release: Release): number => jsonBytes(release) + ENTRY_BYTES;

/** What all schedules take in the state. */
export function entriesBytes(state: Pick<ScheduleState, 'entries' | 'unusable'>): number {
  const { entries } = state;
  let bytes = sizes.get(entries);
  if (bytes === undefined) {
    bytes = 0;
    for (const { schedule } of entries.values()) bytes += scheduleBytes(schedule);
    sizes.set(entries, bytes);
  }
  for (const { json } of setAsideOf(state).values()) bytes += Buffer.byteLength(json);
  return bytes;
}

/** Keeps count where one schedule takes the place of another, so that not all of them are counted again. */
export function countChange(
  before: ReadonlyMap<string, ScheduleEntry>,
  after: ReadonlyMap<string, ScheduleEntry>,
  removed: StoredSchedule | undefined,
  added: StoredSchedule | undefined,
): void {
  const bytes = sizes.get(before);
  if (bytes === undefined) return;
  const delta = (added === undefined ? 0 : scheduleBytes(added)) - (removed === undefined ? 0 : scheduleBytes(removed));
  sizes.set(after, bytes + delta);
}

export function releasesBytes({ releases }: Pick<ScheduleState, 'releases'>): number {
  return sum([...releases.values()].map(releaseBytes));
}

/** Both states, unless they are too large together to be written: then the second one counts. */
export function joinedWithin(known: ScheduleState, meanwhile: ScheduleState): ScheduleState {
  const joined = joinStates(known, meanwhile);
  return entriesBytes(joined) + releasesBytes(joined) > MAX_KNOWN_BYTES ? meanwhile : joined;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

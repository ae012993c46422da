import { createHash } from 'node:crypto';
import { assertNever } from '../../errors/assert-never';
import { withAnswer } from '../state/answers';
import {
  countChange,
  entriesBytes,
  MAX_ENTRY_BYTES,
  MAX_KNOWN_BYTES,
  MAX_RELEASES_BYTES,
  MAX_WORKERS,
  releaseBytes,
  releasesBytes,
  scheduleBytes,
} from '../state/limits';
import type { ScheduleCommand, ScheduleMessage } from '../state/messages';
import {
  type Answer,
  newEntry,
  type Refusal,
  type Release,
  type ScheduleEntry,
  type ScheduleState,
  setAsideOf,
  withKey,
  withSchedule,
  withSetAside,
} from '../state/state';
import type { Tick } from './due';

export interface Applied {
  readonly state: ScheduleState;
  /** What somebody asked for beside its times. */
  readonly ticks: readonly Tick[];
}

/** What a message of the queue changes. A message that comes again changes nothing more. */
export function applyMessage(state: ScheduleState, message: ScheduleMessage, now: number): Applied {
  switch (message.kind) {
    case 'hello':
      return unticked(withWorker(state, message, now));
    case 'bye': {
      if (!hasPlaceFor(state, message.worker)) return unticked(state);
      const startedAt = state.workers.get(message.worker)?.startedAt ?? now;
      const left = { release: undefined, startedAt, seenAt: now };
      return unticked({ ...state, workers: withKey(state.workers, message.worker, left) });
    }
    case 'ended':
      return unticked(withoutAwaited(state, message.name, message.taskId));
    case 'command':
      return applyCommand(state, message.command, now);
    default:
      return assertNever(message);
  }
}

const unticked = (state: ScheduleState): Applied => ({ state, ticks: [] });

function withWorker(
  state: ScheduleState,
  hello: Extract<ScheduleMessage, { kind: 'hello' }>,
  now: number,
): ScheduleState {
  const { worker, startedAt, release } = hello;
  const known = state.workers.get(worker);
  if ((known !== undefined && known.release === undefined) || !hasPlaceFor(state, worker)) return state;
  const key = keyOf(state, hello.releaseKey, release);
  const workers = withKey(state.workers, worker, { release: key, startedAt, seenAt: now });
  // Without a place for what it carries it counts all the same: its next word may find one.
  const isTaken = state.releases.has(key) || !hasRoomFor(state, release);
  return { ...state, workers, releases: isTaken ? state.releases : withKey(state.releases, key, release) };
}

const hasPlaceFor = ({ workers }: ScheduleState, worker: string): boolean =>
  workers.has(worker) || workers.size < MAX_WORKERS;

/** What a worker says is in its key. A key that another one gave to something else must not hide that. */
function keyOf({ releases }: ScheduleState, said: string, release: Release): string {
  const known = releases.get(said);
  if (known === undefined || JSON.stringify(known) === JSON.stringify(release)) return said;
  return createHash('sha256').update(JSON.stringify(release)).digest('hex');
}

function hasRoomFor(state: ScheduleState, release: Release): boolean {
  const bytes = releasesBytes(state) + releaseBytes(release);
  return bytes <= MAX_RELEASES_BYTES && bytes + entriesBytes(state) <= MAX_KNOWN_BYTES;
}

function withoutAwaited(state: ScheduleState, name: string, taskId: string): ScheduleState {
  const entry = state.entries.get(name);
  if (entry?.awaited?.id !== taskId) return state;
  return { ...state, entries: withKey(state.entries, name, { ...entry, awaited: undefined }) };
}

function applyCommand(state: ScheduleState, command: ScheduleCommand, now: number): Applied {
  if (state.answers.some(({ id }) => id === command.id)) return unticked(state);
  const name = 'schedule' in command ? command.schedule.name : command.name;
  const aside = setAsideOf(state).get(name);
  const entry = state.entries.get(name);
  const known = entry?.dormantSince === undefined ? entry : undefined;
  const problem = command.kind === 'unusable' ? command.problem : aside?.problem;
  const refusal =
    (aside === undefined ? refusalOf(command, known) : refusalOfUnusable(command)) ??
    (isFull(state, command) ? 'full' : undefined);
  const answer: Answer = { id: command.id, refusal, ...(refusal === 'unusable' ? { problem } : {}) };
  const answers = withAnswer(state.answers, answer);
  if (refusal !== undefined) return unticked({ ...state, answers });
  const changedTo = changedEntry(known, command, now);
  const entries = withKey(state.entries, name, changedTo);
  countChange(state.entries, entries, entry?.schedule, changedTo?.schedule);
  const changed = { ...state, entries, answers };
  const applied = aside === undefined ? changed : withSetAside(changed, withKey(setAsideOf(state), name, undefined));
  return { state: applied, ticks: triggered(known, command, now) };
}

function refusalOf(command: ScheduleCommand, known: ScheduleEntry | undefined): Refusal | undefined {
  switch (command.kind) {
    case 'unusable':
      return 'unusable';
    case 'add':
      return known === undefined ? undefined : 'exists';
    case 'replace':
      return known?.origin === 'code' ? 'in-code' : undefined;
    case 'remove':
      if (known?.origin === 'code') return 'in-code';
      return known === undefined ? 'unknown' : undefined;
    case 'pause':
    case 'resume':
    case 'trigger':
      return known === undefined ? 'unknown' : undefined;
    default:
      return assertNever(command);
  }
}

/** One that is set aside can be removed or replaced, wherever it came from. */
function refusalOfUnusable({ kind }: ScheduleCommand): Refusal | undefined {
  if (kind === 'remove' || kind === 'replace') return undefined;
  return kind === 'add' ? 'exists' : 'unusable';
}

function isFull(state: ScheduleState, command: ScheduleCommand): boolean {
  if (!('schedule' in command)) return false;
  return entriesBytes(state) + scheduleBytes(command.schedule) > MAX_ENTRY_BYTES;
}

function changedEntry(
  known: ScheduleEntry | undefined,
  command: ScheduleCommand,
  now: number,
): ScheduleEntry | undefined {
  switch (command.kind) {
    case 'add':
    case 'replace':
      return known === undefined
        ? newEntry(command.schedule, 'run-time', now)
        : withSchedule(known, command.schedule, now);
    case 'remove':
      return undefined;
    case 'pause':
      return known && { ...known, paused: true };
    case 'resume':
      // What passed while it was paused was not missed: somebody wanted it so.
      return known?.paused === true ? { ...known, paused: false, position: Math.max(known.position, now) } : known;
    case 'trigger':
    case 'unusable':
      return known;
    default:
      return assertNever(command);
  }
}

function triggered(known: ScheduleEntry | undefined, command: ScheduleCommand, now: number): readonly Tick[] {
  if (command.kind !== 'trigger' || known === undefined) return [];
  return [{ id: command.taskId, schedule: known.schedule, at: now, command: command.id }];
}

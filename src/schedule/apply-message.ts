import type { Tick } from './due';
import type { ScheduleCommand, ScheduleMessage } from './messages';
import { newEntry, type Refusal, type ScheduleEntry, type ScheduleState, withKey, withSchedule } from './state';

/** All entries stand in one message, which RabbitMQ refuses above 16 MiB, and which is written with every tick. */
const MAX_ENTRY_BYTES = 4 * 1024 * 1024;
/** About what an entry takes beside its payload. */
const ENTRY_BYTES = 600;
/** Answers that are kept: whoever asked looks for its own within seconds. */
const KEPT_ANSWERS = 200;

export interface Applied {
  readonly state: ScheduleState;
  /** What somebody asked for beside its times. */
  readonly ticks: readonly Tick[];
}

/** What a message of the queue changes. A message that comes again changes nothing more. */
export function applyMessage(state: ScheduleState, message: ScheduleMessage, now: number): Applied {
  switch (message.kind) {
    case 'hello': {
      const { worker, startedAt, releaseKey, release } = message;
      const known = state.workers.get(worker);
      if (known !== undefined && known.release === undefined) return unticked(state);
      const workers = withKey(state.workers, worker, { release: releaseKey, startedAt, seenAt: now });
      // What it says is in its key: the same again would only be compared again.
      const releases = state.releases.has(releaseKey) ? state.releases : withKey(state.releases, releaseKey, release);
      return unticked({ ...state, workers, releases });
    }
    case 'bye': {
      const startedAt = state.workers.get(message.worker)?.startedAt ?? now;
      const left = { release: undefined, startedAt, seenAt: now };
      return unticked({ ...state, workers: withKey(state.workers, message.worker, left) });
    }
    case 'ended':
      return unticked(withoutAwaited(state, message.name, message.taskId));
    case 'command':
      return applyCommand(state, message.command, now);
  }
}

const unticked = (state: ScheduleState): Applied => ({ state, ticks: [] });

function withoutAwaited(state: ScheduleState, name: string, taskId: string): ScheduleState {
  const entry = state.entries.get(name);
  if (entry?.awaited?.id !== taskId) return state;
  return { ...state, entries: withKey(state.entries, name, { ...entry, awaited: undefined }) };
}

function applyCommand(state: ScheduleState, command: ScheduleCommand, now: number): Applied {
  if (state.answers.some(({ id }) => id === command.id)) return unticked(state);
  const name = 'schedule' in command ? command.schedule.name : command.name;
  const entry = state.entries.get(name);
  const known = entry?.dormantSince === undefined ? entry : undefined;
  const refusal = refusalOf(command, known) ?? (isFull(state, command) ? 'full' : undefined);
  const answers = [...state.answers.slice(1 - KEPT_ANSWERS), { id: command.id, refusal }];
  if (refusal !== undefined) return unticked({ ...state, answers });
  const entries = withKey(state.entries, name, changedEntry(known, command, now));
  return { state: { ...state, entries, answers }, ticks: triggered(known, command, now) };
}

function refusalOf(command: ScheduleCommand, known: ScheduleEntry | undefined): Refusal | undefined {
  switch (command.kind) {
    case 'add':
      return known === undefined ? undefined : 'exists';
    case 'replace':
      return known?.origin === 'code' ? 'in-code' : undefined;
    case 'remove':
      if (known?.origin === 'code') return 'in-code';
      return known === undefined ? 'unknown' : undefined;
    default:
      return known === undefined ? 'unknown' : undefined;
  }
}

function isFull({ entries }: ScheduleState, command: ScheduleCommand): boolean {
  if (!('schedule' in command)) return false;
  let bytes = ENTRY_BYTES + command.schedule.body.length;
  for (const { schedule } of entries.values()) bytes += ENTRY_BYTES + schedule.body.length;
  return bytes > MAX_ENTRY_BYTES;
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
      return known;
  }
}

function triggered(known: ScheduleEntry | undefined, command: ScheduleCommand, now: number): readonly Tick[] {
  if (command.kind !== 'trigger' || known === undefined) return [];
  return [{ id: command.taskId, schedule: known.schedule, at: now, command: command.id }];
}

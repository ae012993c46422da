import { describeThrown } from '../../errors/describe-thrown';
import { keptAnswers } from '../state/answers';
import type { ScheduleMessage } from '../state/messages';
import {
  type Answer,
  asDraft,
  asFinal,
  isSameMap,
  type ScheduleEntry,
  type ScheduleState,
  setAsideOf,
  type UnusableEntry,
  withSetAside,
} from '../state/state';
import { setAside } from '../state/state-json';
import { applyMessage } from './apply-message';
import { type DueTicks, dueTicks, nextTickOf, type SkippedTicks, type Tick } from './due';
import { reconcile } from './reconcile';

export interface DecideInput {
  readonly messages: readonly ScheduleMessage[];
  readonly now: number;
  /** See `dueTicks`. */
  readonly graceMs: number;
  /** Whether the leader is sure enough of its place to make ticks. */
  readonly mayTick: boolean;
  /** Schedules whose ticks could not be enqueued a moment ago: they rest. */
  readonly resting: ReadonlySet<string>;
  /** Whether nobody waits for an answer any more. @defaultValue `false` */
  readonly isQuiet?: boolean;
}

/** What a leader does next: enqueue the ticks, then write the state. */
export interface Decision {
  readonly state: ScheduleState;
  readonly ticks: readonly Tick[];
  readonly skipped: readonly SkippedTicks[];
}

/** What follows from what came in and what time it is. */
export function decide(before: ScheduleState, input: DecideInput): Decision {
  const ticks: Tick[] = [];
  const skipped: SkippedTicks[] = [];
  let state = withMessages(before, input, ticks);
  const answers = input.isQuiet === true ? keptAnswers(state.answers) : state.answers;
  if (answers !== state.answers) state = { ...state, answers };
  if (input.mayTick) state = withDueTicks(state, input, ticks, skipped);
  return { state, ticks, skipped };
}

function withMessages(before: ScheduleState, { messages, now }: DecideInput, ticks: Tick[]): ScheduleState {
  let state = before;
  for (const message of messages) {
    const applied = applyMessage({ ...state, entries: asDraft(state.entries) }, message, now);
    // What a worker carries is known to whatever is asked after it.
    const isOfWorkers = message.kind === 'hello' || message.kind === 'bye';
    state = isOfWorkers ? reconcile(applied.state, now) : applied.state;
    ticks.push(...applied.ticks);
  }
  state = reconcile({ ...state, entries: asFinal(state.entries) }, now);
  return isSameMap(state.entries, before.entries) ? unlessSame(before, { ...state, entries: before.entries }) : state;
}

/** The state as it was, where nothing has changed: then it need not be written. */
function unlessSame(before: ScheduleState, state: ScheduleState): ScheduleState {
  const { workers, releases, answers, unusable } = state;
  const isSame =
    workers === before.workers &&
    releases === before.releases &&
    answers === before.answers &&
    unusable === before.unusable;
  return isSame ? before : state;
}

function withDueTicks(
  state: ScheduleState,
  { now, graceMs, resting }: DecideInput,
  ticks: Tick[],
  skipped: SkippedTicks[],
): ScheduleState {
  const changed = new Map<string, ScheduleEntry>();
  const aside = new Map<string, UnusableEntry | undefined>();
  for (const [name, entry] of state.entries) {
    if (resting.has(name)) continue;
    const due = dueOrSetAside(entry, now, graceMs);
    if (due === undefined || 'json' in due) {
      aside.set(name, due);
      continue;
    }
    ticks.push(...due.ticks);
    skipped.push(...due.skipped);
    if (due.entry !== entry) changed.set(name, due.entry);
  }
  if (changed.size === 0 && aside.size === 0) return state;
  const entries = new Map([...state.entries, ...changed]);
  if (aside.size === 0) return { ...state, entries };
  const unusable = new Map(setAsideOf(state));
  for (const [name, unusableEntry] of aside) {
    entries.delete(name);
    if (unusableEntry !== undefined) unusable.set(unusableEntry.name, unusableEntry);
  }
  return withSetAside({ ...state, entries }, unusable);
}

/** What cannot be computed, whatever the reason, must not hold up the others. */
function dueOrSetAside(entry: ScheduleEntry, now: number, graceMs: number): DueTicks | UnusableEntry | undefined {
  try {
    return dueTicks(entry, now, graceMs);
  } catch (error) {
    return setAside(entry, `its ticks cannot be computed: ${describeThrown(error, 200).message}`);
  }
}

/** When the next tick is due, or `Infinity`. */
export function nextDueAt(state: ScheduleState, resting: ReadonlySet<string>): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const [name, entry] of state.entries) {
    if (!resting.has(name)) earliest = Math.min(earliest, nextDueOf(entry) ?? earliest);
  }
  return earliest;
}

/** One that cannot be computed is due, so that it is set aside. */
function nextDueOf(entry: ScheduleEntry): number | undefined {
  try {
    return nextTickOf(entry);
  } catch {
    return entry.position;
  }
}

/**
 * The decision as far as it could be carried out: a schedule goes no further than before its first tick that could not
 * be enqueued, so that it is made again.
 *
 * @param failed - the ids of those ticks.
 */
export function asCarriedOut(before: ScheduleState, decision: Decision, failed: ReadonlySet<string>): ScheduleState {
  if (failed.size === 0) return decision.state;
  const state = withRefusals(decision, failed);
  const ticksOf = new Map<string, Tick[]>();
  for (const tick of decision.ticks) {
    if (tick.command !== undefined) continue;
    const { name } = tick.schedule;
    ticksOf.set(name, [...(ticksOf.get(name) ?? []), tick]);
  }
  const entries = new Map(state.entries);
  for (const [name, own] of ticksOf) {
    const entry = entries.get(name);
    if (entry === undefined) continue;
    const firstFailed = own.find(({ id }) => failed.has(id));
    if (firstFailed === undefined) continue;
    const enqueued = own.filter(({ at }) => at < firstFailed.at).at(-1);
    const earlier = before.entries.get(name);
    const lastTick = enqueued?.at ?? earlier?.lastTick;
    const awaited =
      enqueued !== undefined && entry.awaited !== undefined
        ? { id: enqueued.id, at: entry.awaited.at }
        : earlier?.awaited;
    const reset = { ...entry, position: firstFailed.at - 1, lastTick, awaited };
    entries.set(name, reset);
  }
  return { ...state, entries };
}

/** A trigger that failed is answered with a refusal; the caller may try again. */
function withRefusals({ state, ticks }: Decision, failed: ReadonlySet<string>): ScheduleState {
  const refused = new Set(ticks.flatMap(({ id, command }) => (failed.has(id) ? (command ?? []) : [])));
  if (refused.size === 0) return state;
  const answers = state.answers.map(
    (answer): Answer => (refused.has(answer.id) ? { id: answer.id, refusal: 'not-enqueued' } : answer),
  );
  return { ...state, answers };
}

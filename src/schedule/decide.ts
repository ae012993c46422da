import { applyMessage } from './apply-message';
import { dueTicks, nextTickOf, type SkippedTicks, type Tick } from './due';
import type { ScheduleMessage } from './messages';
import { reconcile } from './reconcile';
import { type Answer, type ScheduleState, withKey } from './state';

export interface DecideInput {
  readonly messages: readonly ScheduleMessage[];
  readonly now: number;
  /** See `dueTicks`. */
  readonly graceMs: number;
  /** Whether the leader is sure enough of its place to make ticks. */
  readonly mayTick: boolean;
  /** Schedules whose ticks could not be enqueued a moment ago: they rest. */
  readonly resting: ReadonlySet<string>;
}

/** What a leader does next: enqueue the ticks, then write the state. */
export interface Decision {
  readonly state: ScheduleState;
  readonly ticks: readonly Tick[];
  readonly skipped: readonly SkippedTicks[];
}

/** What follows from what came in and what time it is. */
export function decide(before: ScheduleState, { messages, now, graceMs, mayTick, resting }: DecideInput): Decision {
  const ticks: Tick[] = [];
  const skipped: SkippedTicks[] = [];
  let state = before;
  for (const message of messages) {
    const applied = applyMessage(state, message, now);
    // What a worker carries is known to whatever is asked after it.
    const isOfWorkers = message.kind === 'hello' || message.kind === 'bye';
    state = isOfWorkers ? reconcile(applied.state, now) : applied.state;
    ticks.push(...applied.ticks);
  }
  state = reconcile(state, now);
  for (const [name, entry] of mayTick ? state.entries : []) {
    if (resting.has(name)) continue;
    const due = dueTicks(entry, now, graceMs);
    ticks.push(...due.ticks);
    skipped.push(...due.skipped);
    if (due.entry !== entry) state = { ...state, entries: withKey(state.entries, name, due.entry) };
  }
  return { state, ticks, skipped };
}

/** When the next tick is due, or `Infinity`. */
export function nextDueAt(state: ScheduleState, resting: ReadonlySet<string>): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const [name, entry] of state.entries) {
    if (!resting.has(name)) earliest = Math.min(earliest, nextTickOf(entry) ?? earliest);
  }
  return earliest;
}

/**
 * The decision as far as it could be carried out: a schedule goes no further than before its first tick that could not
 * be enqueued, so that it is made again.
 *
 * @param failed - the ids of those ticks.
 */
export function asCarriedOut(before: ScheduleState, decision: Decision, failed: ReadonlySet<string>): ScheduleState {
  if (failed.size === 0) return decision.state;
  let state = withRefusals(decision, failed);
  for (const [name, entry] of state.entries) {
    const own = decision.ticks.filter((tick) => tick.command === undefined && tick.schedule.name === name);
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
    state = { ...state, entries: withKey(state.entries, name, reset) };
  }
  return state;
}

/** Whoever asked for a tick now is told that there is none: he may ask again. */
function withRefusals({ state, ticks }: Decision, failed: ReadonlySet<string>): ScheduleState {
  const refused = new Set(ticks.flatMap(({ id, command }) => (failed.has(id) ? (command ?? []) : [])));
  if (refused.size === 0) return state;
  const answers = state.answers.map(
    (answer): Answer => (refused.has(answer.id) ? { id: answer.id, refusal: 'not-enqueued' } : answer),
  );
  return { ...state, answers };
}

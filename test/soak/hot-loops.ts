import type { Run } from './ledger';
import { HANG_TIMEOUT_MS, RETRY_DELAY_MS, SNOOZE_MS, type TaskKind } from './task-plan';

const WINDOW_MS = 1_000;
/** A duplicate brings its own retries along; and a lost connection repeats a run, of which there are not four in a second. */
const COPIES = 2;
const LOSSES = 4;

/** The shortest time between two runs of one message that a kind's policy allows. */
const SHORTEST_MS: Partial<Record<TaskKind, number>> = {
  'fails-then-completes': RETRY_DELAY_MS,
  exhausts: RETRY_DELAY_MS,
  'hangs-then-completes': HANG_TIMEOUT_MS + RETRY_DELAY_MS,
  snoozes: SNOOZE_MS,
};

/** How often a task may begin within any one second. More is a hot loop: something gives it back without a wait. */
export function beginsAllowed(kind: TaskKind): number {
  const shortest = SHORTEST_MS[kind] ?? Number.POSITIVE_INFINITY;
  return COPIES * (1 + Math.floor(WINDOW_MS / shortest)) + LOSSES;
}

/** The most runs that began within one second. @param runs - in order of time. */
export function mostInOneSecond(runs: readonly Run[]): number {
  let most = 0;
  let first = 0;
  runs.forEach(({ at }, last) => {
    while (at - (runs[first]?.at ?? at) >= WINDOW_MS) first++;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

import { MINUTE, SECOND } from '../time/duration';
import type { Settlement } from './outcome';

/** The most between two looks at a message, at first and after a while. */
const MIN_SPREAD_MS = SECOND;
const MAX_SPREAD_MS = MINUTE;

export interface UnknownTaskInput {
  /** The attempt that the message is for: it was none, so it stays. */
  readonly attempt: number;
  /** When a worker first met it that did not know it; milliseconds since 1970. */
  readonly since: number;
  /** How long it is kept, in milliseconds. */
  readonly keepMs: number;
  readonly now: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/**
 * What becomes of a message that no task of this worker is for. Another version of it may be rolling out that knows the
 * task: the message goes back to the queue again and again, ever less often, until its time is up. Never much less
 * often, since all that waits is a task: half-way through a rollout, every second look is at the right worker.
 *
 * @see docs/decisions/012-unknown-tasks-keep-their-attempt.md
 */
export function decideUnknownTask({ attempt, since, keepMs, now, random }: UnknownTaskInput): Settlement {
  const waitedMs = Math.max(0, now - since);
  if (waitedMs >= keepMs) return { kind: 'dead-letter', reason: 'unknown-task' };
  const mostMs = Math.min(Math.max(waitedMs / 2, MIN_SPREAD_MS), MAX_SPREAD_MS);
  // All of it is left to chance. The broker serves its consumers in turn: two messages that keep step, each for the
  // version that the other is not for, would come to the wrong one every time.
  const delayMs = Math.max(1, Math.ceil(mostMs * random));
  // The last look is at the end of its time.
  return {
    kind: 'retry',
    delayMs: Math.min(delayMs, keepMs - waitedMs),
    nextAttempt: attempt,
    keepsAttempt: true,
  };
}

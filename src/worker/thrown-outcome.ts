import { isTaskSignal } from '../task/signals';
import type { TaskOutcome } from '../task/outcome';
import { type Duration, parseDuration } from '../time/duration';
import { MAX_DELAY_MS } from '../topology/ladder';

/** What a thrown value says about its attempt. Never throws, whatever was thrown. */
export function outcomeOfThrown(thrown: unknown): TaskOutcome {
  if (!isTaskSignal(thrown)) return { kind: 'failed', error: thrown };
  switch (thrown.kind) {
    case 'retry':
      return { kind: 'retry', afterMs: usableDelay(thrown.after), error: thrown };
    case 'snooze':
      return snoozed(thrown.after, thrown.message);
    case 'discard':
      return { kind: 'discarded', reason: thrown.message };
    case 'fail':
      return { kind: 'gave-up', error: thrown };
  }
}

/** A snooze without a usable time would come back at once, for ever: it counts as a failure instead. */
function snoozed(after: Duration, reason: string): TaskOutcome {
  const afterMs = usableDelay(after);
  if (afterMs !== undefined && afterMs > 0) return { kind: 'snoozed', afterMs, reason };
  return { kind: 'failed', error: new RangeError(`SnoozeTask needs a time above 0 and at most 8.5 years, got ${String(after)}`) };
}

function usableDelay(after: Duration | undefined): number | undefined {
  const ms = parseDuration(after);
  return ms === undefined || ms > MAX_DELAY_MS ? undefined : ms;
}

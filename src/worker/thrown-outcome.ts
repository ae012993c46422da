import { assertNever } from '../errors/assert-never';
import { describeThrown } from '../errors/describe-thrown';
import { describeValue } from '../options/describe-value';
import type { TaskOutcome } from '../settlement/outcome';
import { type DiscardTask, type FailTask, isTaskSignal, type RetryTask, type SnoozeTask } from '../task/signals';
import { type Duration, parseDuration } from '../time/duration';
import { MAX_DELAY_MS } from '../topology/ladder';

/** What a thrown value says about its attempt. Never throws, whatever was thrown. */
export function outcomeOfThrown(thrown: unknown): TaskOutcome {
  try {
    return isTaskSignal(thrown) ? outcomeOfSignal(thrown) : { kind: 'failed', error: thrown };
  } catch {
    // Another copy's signal, or one made by hand, may hold anything.
    return { kind: 'failed', error: thrown };
  }
}

function outcomeOfSignal(signal: RetryTask | SnoozeTask | DiscardTask | FailTask): TaskOutcome {
  switch (signal.kind) {
    case 'retry':
      return { kind: 'retry', afterMs: usableDelay(signal.after), error: signal };
    case 'snooze':
      return snoozed(signal.after, describeThrown(signal).message);
    case 'discard':
      return { kind: 'discarded', reason: describeThrown(signal).message };
    case 'fail':
      return { kind: 'gave-up', error: signal };
    default:
      return assertNever(signal);
  }
}

/** A snooze without a usable time would come back at once, for ever: it counts as a failure instead. */
function snoozed(after: Duration, reason: string): TaskOutcome {
  const afterMs = usableDelay(after);
  if (afterMs !== undefined && afterMs > 0) return { kind: 'snoozed', afterMs, reason };
  return {
    kind: 'failed',
    error: new RangeError(`SnoozeTask needs a time above 0 and at most 8.5 years, got ${describeValue(after)}`),
  };
}

function usableDelay(after: Duration | undefined): number | undefined {
  const ms = parseDuration(after);
  return ms === undefined || ms > MAX_DELAY_MS ? undefined : ms;
}

import { assertNever } from '../errors/assert-never';
import { describeFailure, type ThrownDescription } from '../errors/describe-thrown';
import type { TaskOutcome } from '../settlement/outcome';

/** What goes into the history, for the outcomes that are failures. */
export function describedError(outcome: TaskOutcome): ThrownDescription | undefined {
  switch (outcome.kind) {
    case 'failed':
    case 'timed-out':
    case 'retry':
    case 'gave-up':
      return describeFailure(outcome.error);
    case 'crash-looped':
      return {
        name: 'CrashLoop',
        message: `${outcome.crashes} workers died, or lost their connection, while the task was out; the last time it ran alone, and no worker told that it had survived`,
      };
    case 'unknown-task':
      return {
        name: 'UnknownTask',
        message: `no task of this worker is named ${JSON.stringify(outcome.task?.slice(0, 127))}`,
      };
    case 'completed':
    case 'snoozed':
    case 'discarded':
    case 'rejected':
    case 'interrupted':
      return undefined;
    default:
      return assertNever(outcome);
  }
}

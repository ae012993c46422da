import { describeThrown } from '../errors/describe-thrown';
import { WarrenError } from '../errors/warren-error';
import type { EnqueueResult } from '../task/task-methods';

/**
 * Raised when the iterable that was given to `enqueueMany` throws. What it gave before was sent: `results` has the result
 * of each, `cause` is what it threw.
 */
export class EnqueueManyError extends WarrenError {
  readonly code = 'ENQUEUE_MANY';

  constructor(
    readonly task: string,
    /** Of the items that were read, in their order, each settled. */
    readonly results: readonly EnqueueResult[],
    cause: unknown,
  ) {
    const stored = results.filter(({ ok }) => ok).length;
    const { name, message } = describeThrown(cause, 500);
    super(
      `The items for task "${task}" ended with an error: ${name}: ${message}. Before it, ${stored} of ${results.length} items were stored; "results" has their ids. Go on behind them, or enqueue all again with the same ids.`,
      { cause },
    );
  }
}

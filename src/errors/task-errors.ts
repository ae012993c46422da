import { describeThrown } from './describe-thrown';
import { WarrenError } from './warren-error';

/** Raised when a handler runs longer than its task's `timeout`: the reason of `task.signal`, and the failure in the history. */
export class TaskTimeoutError extends WarrenError {
  readonly code = 'TASK_TIMEOUT';

  constructor(
    readonly task: string,
    readonly taskId: string,
    readonly timeoutMs: number,
  ) {
    super(`Task "${task}" (${taskId}) ran longer than its timeout of ${timeoutMs} ms.`);
  }
}

/** Raised when the worker's stop deadline passes: the reason of `task.signal`. The task goes back to the queue and keeps its attempt. */
export class ShuttingDownError extends WarrenError {
  readonly code = 'SHUTTING_DOWN';

  constructor() {
    super('The worker is stopping and its deadline has passed; the task goes back to the queue.');
  }
}

/** Raised when the resolver cannot give an instance of the handler's class. The task is retried: a newer deploy may heal it. */
export class HandlerUnavailableError extends WarrenError {
  readonly code = 'HANDLER_UNAVAILABLE';

  constructor(
    readonly task: string,
    readonly handler: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`No instance of ${handler} could be had for task "${task}"${because(options?.cause)}.`, options);
  }
}

/** The history of a task keeps an error's message, not its cause. */
function because(cause: unknown): string {
  if (cause === undefined) return '';
  const { name, message } = describeThrown(cause, 500);
  return `: ${name}: ${message}`;
}

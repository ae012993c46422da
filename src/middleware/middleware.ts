import type { TaskContext } from '../task/context';

/** One call of a handler, as a middleware sees it. */
export interface TaskCall {
  /** The validated payload. A middleware may replace it with `next(payload)`. */
  readonly payload: unknown;
  readonly task: TaskContext;
}

/**
 * Wraps every call of a handler, outermost first. Calls `next` once to go on (with another payload, if it gives one),
 * or throws to end the attempt: signals such as `DiscardTask` count here as they do in a handler.
 */
export type TaskMiddleware = (call: TaskCall, next: (payload?: unknown) => Promise<unknown>) => unknown;

/** A call of a task's handler with a validated payload. What it returns is awaited and dropped. */
export type TaskInvocation = (payload: unknown, task: TaskContext) => unknown;

/** Puts the middleware around a handler. Without any, it is the handler itself. */
export function composeMiddleware(stack: readonly TaskMiddleware[], handler: TaskInvocation): TaskInvocation {
  return stack.reduceRight<TaskInvocation>((inner, middleware) => wrap(middleware, inner), handler);
}

function wrap(middleware: TaskMiddleware, inner: TaskInvocation): TaskInvocation {
  return async (payload, task) => {
    let called = false;
    return middleware({ payload, task }, async (...replacement: [payload?: unknown]) => {
      if (called) throw new Error('A task middleware called next() twice; a handler may run once an attempt.');
      called = true;
      return inner(replacement.length > 0 ? replacement[0] : payload, task);
    });
  };
}

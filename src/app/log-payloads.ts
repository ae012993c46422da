import { describeThrown } from '../errors/describe-thrown';
import type { TaskMiddleware } from '../middleware/middleware';
import type { TaskContext } from '../task/context';

/** What of a payload may stand in a log; `undefined`: nothing. */
export type LogPayload = (payload: unknown, task: TaskContext) => unknown;

/** Writes a line with what the hook leaves of each payload, before its handler is called. */
export function logPayloads(hook: LogPayload): TaskMiddleware {
  return ({ payload, task }, next) => {
    try {
      const shown = hook(payload, task);
      if (shown !== undefined) task.log.info({ payload: shown }, 'task payload');
    } catch (error) {
      // Its own message may tell of the payload what it was to hide.
      task.log.warn({ error: describeThrown(error).name }, 'logPayload threw; the payload is not shown');
    }
    return next();
  };
}

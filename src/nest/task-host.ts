import type { ArgumentsHost } from '@nestjs/common';
import type { TaskContext } from '../task/context';

/** What `ExecutionContext.getType()` and `ArgumentsHost.getType()` answer where a task runs. */
export const WARREN_CONTEXT = 'warren';
export type WarrenContextType = typeof WARREN_CONTEXT;

/** The arguments of a task, in guards, interceptors, filters and parameter decorators. */
export interface TaskArgumentsHost {
  getPayload<P = unknown>(): P;
  getTask(): TaskContext;
}

/**
 * Reads the arguments of a task, as `host.switchToHttp()` does those of a request.
 *
 * @throws TypeError where no task runs: ask `host.getType() === 'warren'` first.
 */
export function switchToTask(host: ArgumentsHost): TaskArgumentsHost {
  if (host.getType<string>() !== WARREN_CONTEXT) {
    throw new TypeError(`switchToTask() needs a context of type "${WARREN_CONTEXT}", got "${host.getType<string>()}"`);
  }
  return {
    getPayload: <P>() => host.getArgByIndex<P>(0),
    getTask: () => host.getArgByIndex<TaskContext>(1),
  };
}

import { type FactoryProvider, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { TaskContext } from '../task/context';
import { TASK_CONTEXT } from './tokens';

/** What `@Inject(REQUEST)` gives in a provider that is made for a delivery. */
export class TaskRequest {
  constructor(
    /** The validated payload. */
    readonly payload: unknown,
    readonly task: TaskContext,
  ) {}

  /** The sender's headers, where strategies for durable providers look for a tenant in HTTP requests too. */
  get headers(): Readonly<Record<string, unknown>> {
    return this.task.headers;
  }
}

export const taskContextProvider: FactoryProvider<TaskContext | undefined> = {
  provide: TASK_CONTEXT,
  scope: Scope.REQUEST,
  inject: [REQUEST],
  useFactory: (request: unknown) => (request instanceof TaskRequest ? request.task : undefined),
};

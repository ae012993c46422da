import { composeMiddleware, type TaskInvocation, type TaskMiddleware } from '../middleware/middleware';
import type { TaskDefinition } from '../task/definition';
import type { PreparedTask } from './delivery-processor';
import type { HandlerResolver } from './handler-resolver';

type HandlerMethod = (payload: unknown, task: unknown) => unknown;

/** Makes what a task needs once, before its first message. */
export function prepareTask(
  definition: TaskDefinition,
  check: PreparedTask['check'],
  middleware: readonly TaskMiddleware[],
  resolver: HandlerResolver,
): PreparedTask {
  const own = resolver.bind?.(definition);
  const bound = new WeakMap<object, TaskInvocation>();
  return {
    definition,
    check,
    ...(own === undefined ? {} : { bound: composeMiddleware(middleware, own) }),
    invocationOf: (instance) => {
      const existing = bound.get(instance);
      if (existing !== undefined) return existing;
      const invocation = composeMiddleware(middleware, bindMethod(definition, instance));
      bound.set(instance, invocation);
      return invocation;
    },
  };
}

function bindMethod({ handler }: TaskDefinition, instance: object): TaskInvocation {
  const method: unknown = Reflect.get(instance, handler.method);
  if (typeof method !== 'function') {
    throw new TypeError(`The instance that was resolved for ${handler.label} has no such method.`);
  }
  return (method as HandlerMethod).bind(instance);
}

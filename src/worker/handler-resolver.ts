import type { TaskInvocation } from '../middleware/middleware';
import type { ClassType } from '../task/class-type';
import type { TaskDefinition } from '../task/definition';

/** Where instances of handler classes come from: a dependency injection container, or `new`. */
export interface HandlerResolver {
  /** Gives an instance to call, the same or a new one each time. */
  get<T>(type: ClassType<T>): T | Promise<T>;
  /**
   * Calls a task's method itself, for containers that make an instance for each delivery, or put something around the
   * call. Asked once for each task, when the app is created. What it gives is called inside the middleware, in place of
   * the method of an instance from `get`; it should throw a `HandlerUnavailableError` where there is no instance.
   */
  bind?(definition: TaskDefinition): TaskInvocation;
}

/** One instance of each class, made by `new Class()` when it is first needed. */
export function createDefaultResolver(): HandlerResolver {
  const instances = new Map<ClassType, unknown>();
  return {
    get<T>(type: ClassType<T>): T {
      const existing = instances.get(type);
      if (existing !== undefined) return existing as T;
      const instance = new (type as new () => T)();
      instances.set(type, instance);
      return instance;
    },
  };
}

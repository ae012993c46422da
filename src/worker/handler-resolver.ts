import type { ClassType } from '../task/class-type';

/** Where instances of handler classes come from: a dependency injection container, or `new`. */
export interface HandlerResolver {
  /** Gives an instance to call, the same or a new one each time. */
  get<T>(type: ClassType<T>): T | Promise<T>;
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

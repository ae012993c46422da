import { taskDecorator } from '../decorators/task';
import type { ContractTaskOptions, TaskOptions } from '../decorators/task-options';
import type { TaskContract } from '../task/contract';
import { payloadIndexOf } from './parameters';

/** A decorator of methods, and of classes that are a single task. */
export type NestTaskDecorator = MethodDecorator & ClassDecorator;

/**
 * `@Task` for methods whose parameters carry `@Payload()`, `@Ctx()` or decorators of your own, in any order. The same as
 * `Task` of `warren`, but for the types: what a parameter gets is for its decorator to say.
 *
 * @throws ConfigurationError when the compiler is not set to `experimentalDecorators`, or the call's `()` are missing.
 */
export function Task<P>(contract: TaskContract<P>, options?: ContractTaskOptions): NestTaskDecorator;
export function Task(name: string, options?: TaskOptions): NestTaskDecorator;
export function Task(options?: TaskOptions): NestTaskDecorator;
export function Task(first?: unknown, second?: unknown): NestTaskDecorator {
  return taskDecorator(first, second, payloadIndexOf) as unknown as NestTaskDecorator;
}

import { ConfigurationError } from '../errors/configuration-error';
import type { ClassType } from './class-type';
import { nameProblem, queueNameProblem } from './names';
import { type PayloadType, payloadTypeOf } from './payload-type';

declare const payloadOf: unique symbol;

/**
 * What a producer and a worker share about a task: its name, its home queue and its payload. A service can enqueue a
 * task whose handler it has never seen.
 */
export interface TaskContract<P = unknown> {
  readonly kind: 'task-contract';
  readonly name: string;
  readonly queue: string;
  readonly payload: PayloadType;
  /** Exists only in the types: carries the payload's type. */
  readonly [payloadOf]?: P;
}

export interface DefineTaskOptions<P> {
  /** The home queue. */
  readonly queue: string;
  /** The payload's class; `'none'` (the default) for tasks without one; `'unchecked'` for any JSON. */
  readonly payload?: ClassType<P> | 'none' | 'unchecked';
}

/**
 * Defines a task's contract.
 *
 * @param name - the task's name on the wire: 1 to 127 printable characters without spaces, unique in a worker.
 * @throws ConfigurationError when the name or the queue's name cannot be used.
 *
 * @example
 * ```ts
 * export const resizeImage = defineTask('media.resizeImage', { queue: 'media', payload: ResizeImage });
 * ```
 */
export function defineTask<P>(name: string, options: { queue: string; payload: ClassType<P> }): TaskContract<P>;
export function defineTask<P = unknown>(
  name: string,
  options: { queue: string; payload: 'unchecked' },
): TaskContract<P>;
export function defineTask(name: string, options: { queue: string; payload?: 'none' }): TaskContract<void>;
export function defineTask<P>(name: string, options: DefineTaskOptions<P>): TaskContract<P> {
  const problems = [nameProblem(name, 'a task name'), queueNameProblem(options.queue)].filter((p) => p !== undefined);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze({
    kind: 'task-contract',
    name,
    queue: options.queue,
    payload: payloadTypeOf(options.payload ?? 'none'),
  });
}

/** Whether a value is a contract made by `defineTask`, of this copy of Warren or another. */
export function isTaskContract(value: unknown): value is TaskContract {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'task-contract';
}

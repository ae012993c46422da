import { ConfigurationError } from '../errors/configuration-error';
import { describeValue } from '../options/describe-value';
import { OptionReader } from '../options/option-reader';
import type { ClassType } from './class-type';
import type { QueueType } from './definition';
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
  /** The type of the home queue, where it is classic. */
  readonly queueType?: QueueType;
  /** Exists only in the types: carries the payload's type. */
  readonly [payloadOf]?: P;
}

export interface DefineTaskOptions<P> {
  /** The home queue. */
  readonly queue: string;
  /** The payload's class; `'none'` (the default) for tasks without one; `'unchecked'` for any JSON. */
  readonly payload?: ClassType<P> | 'none' | 'unchecked';
  /**
   * The type of the home queue, as its `@TaskQueue` says. It decides how a `priority` is sent.
   * @defaultValue `'quorum'`
   */
  readonly queueType?: QueueType;
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
export function defineTask<P>(
  name: string,
  options: { queue: string; payload: ClassType<P>; queueType?: QueueType },
): TaskContract<P>;
export function defineTask<P = unknown>(
  name: string,
  options: { queue: string; payload: 'unchecked'; queueType?: QueueType },
): TaskContract<P>;
export function defineTask(
  name: string,
  options: { queue: string; payload?: 'none'; queueType?: QueueType },
): TaskContract<void>;
export function defineTask<P>(name: string, options: DefineTaskOptions<P>): TaskContract<P> {
  const problems: string[] = [];
  const nameIsWrong = nameProblem(name, 'a task name');
  if (nameIsWrong !== undefined) problems.push(nameIsWrong);
  const reader = new OptionReader(options ?? null, `defineTask(${describeValue(name)})`, problems);
  reader.refuseUnknown(KEYS);
  reader.note(queueNameProblem(reader.value('queue')));
  if (!isPayloadOption(reader.value('payload'))) {
    reader.refuse('payload', "a class, 'none' or 'unchecked'");
  }
  reader.oneOf('queueType', ['quorum', 'classic']);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze({
    kind: 'task-contract',
    name,
    queue: options.queue,
    payload: payloadTypeOf(options.payload ?? 'none'),
    ...(options.queueType === 'classic' ? { queueType: 'classic' as const } : {}),
  });
}

const KEYS = ['queue', 'payload', 'queueType'] as const satisfies readonly (keyof DefineTaskOptions<unknown>)[];

const isPayloadOption = (payload: unknown): boolean =>
  payload === undefined || payload === 'none' || payload === 'unchecked' || typeof payload === 'function';

/** Whether a value is a contract made by `defineTask`, of this copy of Warren or another. */
export function isTaskContract(value: unknown): value is TaskContract {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'task-contract';
}

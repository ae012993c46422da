import { ConfigurationError } from '../errors/configuration-error';
import type { ClassType } from '../task/class-type';
import { isTaskContract, type TaskContract } from '../task/contract';
import type { PayloadOption } from '../task/payload-type';
import { requireLegacyDecorators } from './decorator-call';
import { type PayloadIndex, recordTask, type TaskRecord } from './metadata-registry';
import { reflectedParameters } from './reflected-parameters';
import type { Received, ReceivedFor, TaskDecorator } from './task-decorator';
import type { ContractTaskOptions, TaskOptions } from './task-options';

/** The method that does the work where a class is a single task. */
const CLASS_TASK_METHOD = 'handle';

/**
 * Makes a method, or a class with a method `handle`, the handler of a task. Only records: mistakes are reported together
 * when the app is created. Subclasses inherit it; an override keeps it, unless it is decorated itself.
 *
 * A class needs a queue (from `@TaskQueue`, the option or a contract), and its payload named in the options, since
 * compilers emit types only for what carries a decorator itself.
 *
 * @throws ConfigurationError when the compiler is not set to `experimentalDecorators`, or the call's `()` are missing.
 *
 * @example
 * ```ts
 * @Task({ maxAttempts: 8, backoff: exponential('1s', { max: '10m' }), timeout: '30s' })
 * async sendVerification(email: VerificationEmail, task: TaskContext): Promise<void> {}
 *
 * @Task(resizeImage)
 * async resize(image: ResizeImage): Promise<void> {}
 * ```
 */
export function Task<P>(contract: TaskContract<P>, options?: ContractTaskOptions): TaskDecorator<Received<P>>;
export function Task<O extends PayloadOption = 'unchecked'>(
  name: string,
  options?: TaskOptions<O>,
): TaskDecorator<ReceivedFor<O>>;
export function Task<O extends PayloadOption = 'unchecked'>(options?: TaskOptions<O>): TaskDecorator<ReceivedFor<O>>;
export function Task(first?: unknown, second?: unknown): TaskDecorator<never> {
  return taskDecorator(first, second, FIRST_PARAMETER);
}

/** Finds the parameter of a method that takes the payload. */
export type FindPayload = (type: ClassType, method: string | symbol) => PayloadIndex;

const FIRST_PARAMETER: FindPayload = () => 0;

/** `@Task(first, second)`, for frameworks whose own decorators say which parameter gets what. */
export function taskDecorator(first: unknown, second: unknown, findPayload: FindPayload): TaskDecorator<never> {
  const said = readArguments(first, second);
  return (target: object, key?: unknown): void => {
    requireLegacyDecorators('@Task', key);
    const place = placeOf(target, key as string | symbol | undefined);
    recordTask(place.type, {
      ...said,
      on: place.on,
      key: place.key,
      payloadIndex: findPayload(place.type, place.key),
      parameterTypes: reflectedParameters(place.type.prototype as object, place.key),
    });
  };
}

function readArguments(first: unknown, second: unknown): Pick<TaskRecord, 'contract' | 'name' | 'options'> {
  if (isTaskContract(first)) return { contract: first, name: undefined, options: second };
  if (typeof first === 'string') return { contract: undefined, name: first, options: second };
  if (typeof first !== 'function' && !isMember(first, second))
    return { contract: undefined, name: undefined, options: first };
  throw new ConfigurationError(['@Task must be called, even without options: write @Task()']);
}

/** Whether these are a decorator's own arguments: an object and the name of one of its members. */
function isMember(first: unknown, second: unknown): boolean {
  return typeof first === 'object' && (typeof second === 'string' || typeof second === 'symbol');
}

function placeOf(
  target: object,
  key: string | symbol | undefined,
): Pick<TaskRecord, 'on' | 'key'> & { type: ClassType } {
  if (key === undefined) return { on: 'class', type: target as ClassType, key: CLASS_TASK_METHOD };
  if (typeof target === 'function') return { on: 'static', type: target as ClassType, key };
  return { on: 'method', type: target.constructor as ClassType, key };
}

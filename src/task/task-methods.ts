import type { ClassType } from './class-type';
import type { TaskContract } from './contract';
import type { EnqueueOptions } from './enqueue-options';

/** A task that the broker has stored. */
export interface EnqueuedTask {
  readonly id: string;
  readonly task: string;
  readonly queue: string;
}

/** One of many tasks to enqueue. */
export type EnqueueItem<P> = EnqueueOptions & { readonly payload: PayloadInput<P> };

/** Many tasks to enqueue: an array, or an iterable that makes them as it goes. */
export type EnqueueItems<P> = Iterable<EnqueueItem<P>> | AsyncIterable<EnqueueItem<P>>;

/** What became of one of many. */
export type EnqueueResult =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly id: string | undefined; readonly error: Error };

/** What enqueues tasks: the client of an app, or the one that a handler finds in its context. */
export interface TaskSender {
  /** Enqueues one task. As `TaskClient.enqueue`. */
  enqueue<P>(contract: TaskContract<P>, ...args: EnqueueArguments<P>): Promise<EnqueuedTask>;
  /** Enqueues many tasks at once. As `TaskClient.enqueueMany`. */
  enqueueMany<P>(contract: TaskContract<P>, items: EnqueueItems<P>): Promise<readonly EnqueueResult[]>;
  /** The tasks of a decorated class, with the types of its methods. As `TaskClient.of`. */
  of<T>(type: ClassType<T>): TaskMethods<T>;
}

type Method = (...args: never[]) => unknown;

/** What a sender writes for a payload class: its data, without its methods. Plain objects will do. */
export type PayloadInput<P> = P extends string | number | boolean | bigint | null | undefined | Date | Uint8Array
  ? P
  : P extends readonly (infer I)[]
    ? readonly PayloadInput<I>[]
    : P extends Method
      ? never
      : P extends object
        ? { [K in keyof P as P[K] extends Method ? never : K]: PayloadInput<P[K]> }
        : P;

/** The payload of a handler method: its first parameter, or nothing. */
export type PayloadOfMethod<M> = M extends (...args: infer A) => unknown
  ? A extends readonly [infer P, ...unknown[]]
    ? P
    : undefined
  : never;

/** Enqueues one task, or many. */
export interface EnqueueMethod<P> {
  /** Resolves when the broker has routed and confirmed it. */
  (...args: EnqueueArguments<P>): Promise<EnqueuedTask>;
  /**
   * Enqueues many at once; each has its own result, in the order given. Rejects for none of them.
   * @throws EnqueueManyError when the iterable itself throws: it carries the results of what was read before.
   */
  many(items: EnqueueItems<P>): Promise<readonly EnqueueResult[]>;
}

/** Only `any` makes `1 & P` something that 0 may be. */
type IsAny<P> = 0 extends 1 & P ? true : false;

/** A task without a payload is called without one. One whose payload is `any` takes whatever it is given. */
// biome-ignore lint/suspicious/noConfusingVoidType: `TaskContract<void>` is how a task without a payload is written.
export type EnqueueArguments<P> = [P] extends [undefined | void]
  ? IsAny<P> extends true
    ? [payload: P, options?: EnqueueOptions]
    : [payload?: undefined, options?: EnqueueOptions]
  : [payload: PayloadInput<P>, options?: EnqueueOptions];

/**
 * The methods of a class, as a sender calls them: `client.of(EmailTasks).sendVerification(payload, options)`. The types
 * cannot tell which methods carry `@Task`; calling one that does not throws an `UnknownTaskError`. Otherwise it is like any
 * object: it can be injected, compared, printed and spied on.
 */
export type TaskMethods<T> = {
  readonly [K in keyof T as T[K] extends Method ? K : never]: EnqueueMethod<PayloadOfMethod<T[K]>>;
};

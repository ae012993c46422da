import type { ClassType } from '../task/class-type';
import type { TaskContext } from '../task/context';
import type { PayloadOption } from '../task/payload-type';

/** A method that does a task's work. What it returns is awaited and dropped. */
export type HandlerMethod<P> = (payload: P, task: TaskContext) => unknown;

/**
 * What `@Task(…)` gives: a decorator of methods, and of classes that are a single task. Either must be able to take a
 * payload of type `P`; `never` stands for "whatever the method takes".
 */
export interface TaskDecorator<P> {
  // A property, not a method: the parameters of methods are compared both ways, and a wrong payload would pass.
  <C extends ClassType<{ readonly handle: HandlerMethod<P> }>>(target: C): void;
  <M extends HandlerMethod<P>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
}

/** What a handler gets for a payload of a contract's type: `void` is `undefined`, an unknown one is left to the handler. */
export type Received<P> = [P] extends [never]
  ? never
  : unknown extends P
    ? never
    : // biome-ignore lint/suspicious/noConfusingVoidType: a contract without payload is a `TaskContract<void>`.
      [P] extends [void]
      ? undefined
      : Unboxed<P>;

/** The value that `String`, `Number` and `Boolean`, named as payload classes, stand for. */
type Unboxed<P> = [P] extends [InstanceType<StringConstructor>]
  ? string
  : [P] extends [InstanceType<NumberConstructor>]
    ? number
    : [P] extends [InstanceType<BooleanConstructor>]
      ? boolean
      : P;

/** What a handler gets for the option `payload`. Where the option is not given, or not known, the handler decides. */
export type ReceivedFor<O> = [PayloadOption] extends [O]
  ? never
  : O extends 'none'
    ? undefined
    : O extends ClassType<infer P>
      ? Received<P>
      : never;

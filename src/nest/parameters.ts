import { type ArgumentsHost, Body, createParamDecorator, type PipeTransform, type Type } from '@nestjs/common';
import type { ClassType } from '../task/class-type';
import type { TaskContext } from '../task/context';
import type { HandlerMethod } from './found-handler';

type PipeOrType = Type<PipeTransform> | PipeTransform;

/** Where Nest keeps what parameter decorators said, `@Payload` and `@Ctx` of `@nestjs/microservices` among them. */
const ROUTE_ARGUMENTS = '__routeArguments__';
/** Where the arguments of a task's method are kept, for methods without parameter decorators too. */
export const TASK_ARGUMENTS = 'warren:arguments';
/** Nest's numbers: `RouteParamtypes.BODY` is `RpcParamtype.PAYLOAD`, `RouteParamtypes.QUERY` is `RpcParamtype.CONTEXT`. */
const PAYLOAD = 3;
const CONTEXT = 4;

interface Argument {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes: readonly unknown[];
}
type Arguments = Readonly<Record<string, Argument>>;

/** Nest brings `reflect-metadata`, which adds these to `Reflect`. */
const metadata = Reflect as unknown as {
  getMetadata(key: string, target: object, property: string | symbol): unknown;
  defineMetadata(key: string, value: unknown, target: object, property: string | symbol): void;
};

/**
 * The task's payload, or one of its properties, through pipes. Where a method decorates one parameter, it must decorate
 * all: others are `undefined`, as in controllers.
 */
export function Payload(...pipes: PipeOrType[]): ParameterDecorator;
export function Payload(property: string, ...pipes: PipeOrType[]): ParameterDecorator;
export function Payload(...said: unknown[]): ParameterDecorator {
  // Pipes shall treat a payload as they treat a body: `ValidationPipe` leaves custom parameters alone.
  return (Body as (...given: unknown[]) => ParameterDecorator)(...said);
}

/** The task's context. */
export const Ctx: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, host: ArgumentsHost): TaskContext => host.getArgByIndex(1),
);

/** Reads the arguments that `@Payload` and `@Ctx` stand for. */
export const TASK_PARAMETERS = {
  exchangeKeyForValue(type: number, data: unknown, [payload, task]: readonly unknown[]): unknown {
    if (type === CONTEXT) return task;
    if (type !== PAYLOAD) return null;
    return typeof data === 'string' ? (payload as Record<string, unknown> | undefined)?.[data] : payload;
  },
};

/** Whether parameter decorators say what the method gets; else it is called with payload and task. */
export const hasParameterDecorators = (type: ClassType, method: string): boolean =>
  argumentsOf(type, method) !== undefined;

/** Which parameter takes the whole payload: what the decorators say, else the first. `part`: some take properties only. */
export function payloadIndexOf(type: ClassType, method: string | symbol): number | 'part' {
  const said = argumentsOf(type, method);
  if (said === undefined) return 0;
  const parts = Object.entries(said).filter(([key]) => kindOf(key) === PAYLOAD);
  const whole = parts.find(([, { data }]) => data === undefined);
  return whole?.[1].index ?? (parts.length > 0 ? 'part' : -1);
}

/** What is wrong with a method's parameter decorators, or `undefined`. */
export function parameterProblem(type: ClassType, { key, method }: HandlerMethod): string | undefined {
  const said = argumentsOf(type, key);
  if (said === undefined) return undefined;
  const decorated = new Set(Object.values(said).map(({ index }) => index));
  const bare = Array.from({ length: method.length }, (_, index) => index).find((index) => !decorated.has(index));
  if (bare === undefined) return undefined;
  return `parameter ${bare + 1} has no decorator, and others have: mark it with @Payload() or @Ctx(), or it is undefined`;
}

/** Writes down what the method's arguments are, so that pipes reach a payload without decorators too. */
export function defineArguments(type: ClassType, method: string): void {
  const undecorated = { [`${PAYLOAD}:0`]: { index: 0, pipes: [] }, [`${CONTEXT}:1`]: { index: 1, pipes: [] } };
  metadata.defineMetadata(TASK_ARGUMENTS, argumentsOf(type, method) ?? undecorated, type, method);
}

function argumentsOf(type: ClassType, method: string | symbol): Arguments | undefined {
  const said = metadata.getMetadata(ROUTE_ARGUMENTS, type, method) as Arguments | undefined;
  return said === undefined || Object.keys(said).length === 0 ? undefined : said;
}

const kindOf = (key: string): number => Number(key.slice(0, key.indexOf(':')));

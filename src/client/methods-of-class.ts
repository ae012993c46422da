import { UnknownTaskError } from '../errors/enqueue-errors';
import { nearestName } from '../options/nearest-name';
import type { ClassType } from '../task/class-type';

/**
 * Names that libraries ask of any object, and call where there is a function: promises, JSON, conversions to text and to
 * numbers, test frameworks, mocks, iterators, streams, containers and Nest's hooks. A handler class may well have one of
 * them without `@Task`.
 */
const ASKED_OF_ANY_OBJECT: ReadonlySet<string> = new Set([
  ...['then', 'catch', 'finally', 'constructor', '__proto__', '__esModule', 'default'],
  ...['toJSON', 'toString', 'toLocaleString', 'valueOf', 'toObject', 'toArray', 'toBSON', 'inspect', 'length', 'size'],
  ...['asymmetricMatch', '$$typeof', 'nodeType', 'nodeName', 'tagName', 'hasAttribute', 'getMockName', 'mock', 'calls'],
  ...['_isMockFunction', '@@__IMMUTABLE_ITERABLE__@@', '@@__IMMUTABLE_RECORD__@@', 'name', 'message', 'stack', 'cause'],
  ...[
    'next',
    'return',
    'throw',
    'pipe',
    'subscribe',
    'lift',
    'getReader',
    'read',
    'write',
    'close',
    'dispose',
    'destroy',
  ],
  ...[
    'onModuleInit',
    'onApplicationBootstrap',
    'onModuleDestroy',
    'beforeApplicationShutdown',
    'onApplicationShutdown',
  ],
]);

/**
 * An object with a method for each task of a class. It answers whatever is asked of any object as a plain object does. A
 * method of the class without `@Task`, and a name that is nearly a task's, is a function that throws when it is called.
 */
export function methodsOfClass<M>(type: ClassType, methods: ReadonlyMap<string, M>): object {
  // `await` takes an object with a `then` for a promise, and would call it.
  const target = Object.fromEntries([...methods].filter(([name]) => name !== 'then'));
  return new Proxy(target, {
    get: (object, name, receiver) => {
      if (typeof name === 'symbol' || name in object || ASKED_OF_ANY_OBJECT.has(name)) {
        return Reflect.get(object, name, receiver) as unknown;
      }
      return refusalOf(type, name, [...methods.keys()]);
    },
  });
}

/** `undefined` for what nobody can have meant as a task. */
function refusalOf(type: ClassType, name: string, tasks: readonly string[]): unknown {
  const nearest = nearestName(name, tasks);
  const isMethod = hasMethod(type, name);
  if (nearest === undefined && !isMethod) return undefined;
  const remedies = [
    isMethod ? `The method has no @Task: add one, or call another method.` : `Did you mean "${nearest}"?`,
    `Tasks of ${type.name} are: ${tasks.length === 0 ? 'none' : tasks.join(', ')}.`,
  ];
  const refuse = (): never => {
    throw new UnknownTaskError(`${type.name}.${name}`, remedies.join(' '));
  };
  return Object.assign(refuse, { many: refuse });
}

/** Looks without calling a getter. */
function hasMethod(type: ClassType, name: string): boolean {
  for (let at: unknown = type.prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, name);
    if (own !== undefined) return typeof own.value === 'function';
  }
  return false;
}

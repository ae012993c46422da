import type { ClassType } from '../task/class-type';

/** A function, of which no more is asked than its name, how many parameters it names, and its source. */
export interface MethodShape {
  readonly name: string;
  readonly length: number;
}

/** The method that instances of a class have under this key. Runs no getter: there is no instance yet to run it on. */
export function methodOf(type: ClassType, key: string | symbol): MethodShape | undefined {
  for (let at: unknown = type.prototype; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, key);
    if (found !== undefined) return typeof found.value === 'function' ? (found.value as MethodShape) : undefined;
  }
  return undefined;
}

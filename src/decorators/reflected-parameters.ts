// The decorators import this file, so that `Reflect.metadata` is there before any class is decorated.
import 'reflect-metadata';

/** The parameter types of a method as the compiler emitted them, or `undefined` where it emitted none. */
export function reflectedParameters(prototype: object, key: string | symbol): readonly unknown[] | undefined {
  const types: unknown = Reflect.getMetadata('design:paramtypes', prototype, key);
  return Array.isArray(types) ? types : undefined;
}

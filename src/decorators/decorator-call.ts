import { ConfigurationError } from '../errors/configuration-error';

/**
 * Refuses a call by the compiler's other kind of decorators (TC39's), whose second argument is a context object. Those
 * know neither the class of a method nor its parameter types.
 */
export function requireLegacyDecorators(decorator: string, second: unknown): void {
  if (typeof second !== 'object' || second === null) return;
  throw new ConfigurationError([
    `${decorator} was called as a standard (TC39) decorator. Set "experimentalDecorators" and "emitDecoratorMetadata" to true in tsconfig.json, and see that the compiler in use reads it`,
  ]);
}

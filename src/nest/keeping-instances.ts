import { type ArgumentMetadata, type PipeTransform, ValidationPipe } from '@nestjs/common';

/** What `ValidationPipe` keeps for the classes that extend it. */
interface PipeParts {
  readonly validatorOptions?: { readonly validationError?: object };
  readonly expectedType?: unknown;
  readonly exceptionFactory?: (errors: readonly unknown[]) => unknown;
  validate?(object: object, options: object): Promise<readonly unknown[]>;
}

const known = new WeakMap<PipeTransform, PipeTransform>();

/**
 * A `ValidationPipe` that validates an instance of the parameter's class by its own options, and does not make it anew:
 * Warren has made the payload already, and what `@Transform` does must be done once. Other pipes are as they are.
 */
export function keepingInstances(pipe: PipeTransform): PipeTransform {
  if (!(pipe instanceof ValidationPipe) || pipe.transform !== ValidationPipe.prototype.transform) return pipe;
  const existing = known.get(pipe);
  if (existing !== undefined) return existing;
  const keeping: PipeTransform = {
    transform: (value: unknown, metadata: ArgumentMetadata) =>
      isMade(value, metadata, pipe as unknown as PipeParts)
        ? validated(value, pipe as unknown as PipeParts)
        : pipe.transform(value, metadata),
  };
  known.set(pipe, keeping);
  return keeping;
}

function isMade(value: unknown, { type, metatype }: ArgumentMetadata, { expectedType }: PipeParts): value is object {
  const declared: unknown = expectedType ?? metatype;
  if (type === 'custom' || typeof declared !== 'function' || declared === Object) return false;
  return typeof value === 'object' && value !== null && value instanceof declared;
}

async function validated(value: object, pipe: PipeParts): Promise<object> {
  const { validatorOptions } = pipe;
  const validationError = { target: false, ...validatorOptions?.validationError };
  const errors = (await pipe.validate?.(value, { ...validatorOptions, validationError })) ?? [];
  if (errors.length > 0) throw await pipe.exceptionFactory?.(errors);
  return value;
}

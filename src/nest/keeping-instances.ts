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
  let ready: Promise<unknown> | undefined;
  const keeping: PipeTransform = {
    async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
      if (!isMade(value, metadata, pipe as unknown as PipeParts)) return pipe.transform(value, metadata);
      ready ??= loadValidator(pipe);
      await ready;
      return validated(value, pipe as unknown as PipeParts);
    },
  };
  known.set(pipe, keeping);
  return keeping;
}

/** A class without rules. */
class AnyObject {}

/** Nest 12 has its validator only after the first `transform` of a pipe; whether it passes does not matter. */
const loadValidator = (pipe: ValidationPipe): Promise<unknown> =>
  pipe.transform({}, { type: 'body', metatype: AnyObject }).catch(() => undefined);

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

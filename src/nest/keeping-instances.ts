import { AsyncLocalStorage } from 'node:async_hooks';
import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';

/** What `ValidationPipe` keeps for the classes that extend it. */
interface PipeParts {
  readonly validatorOptions?: { readonly validationError?: { readonly value?: unknown } };
  readonly expectedType?: unknown;
  readonly exceptionFactory?: (errors: readonly unknown[]) => unknown;
  toValidate?(metadata: ArgumentMetadata): boolean;
  validate?(object: object, options: object): Promise<readonly unknown[]>;
  /** Newer versions only. */
  stripParentErrorValues?(errors: readonly unknown[]): void;
}

type Transform = (this: ValidationPipe, value: unknown, metadata: ArgumentMetadata) => Promise<unknown>;

const ofTask = new AsyncLocalStorage<true>();
const loaded = new WeakMap<ValidationPipe, Promise<unknown>>();
let isPrepared = false;

/**
 * Runs pipes over an argument of a task. Meanwhile a `ValidationPipe` validates an instance of the parameter's class by its
 * own options and does not make it anew: Warren has made the payload already, and `@Transform` must run once.
 */
export function keepingInstances<T>(runPipes: () => T): T {
  prepareValidationPipe();
  return ofTask.run(true, runPipes);
}

/**
 * The prototype is where every way leads: `super.transform` of a class that extends `ValidationPipe`, and the pipes that
 * other pipes hold, such as that of `ParseArrayPipe`. Replacing the pipes of a handler misses both. Outside of a task, the
 * method does what Nest's does.
 */
function prepareValidationPipe(): void {
  if (isPrepared) return;
  isPrepared = true;
  const transform = ValidationPipe.prototype.transform as Transform;
  const keeping: Transform = function (value, metadata) {
    const isKept = ofTask.getStore() === true && isMade(value, metadata, this as unknown as PipeParts);
    return isKept ? validated(value as object, this, transform) : transform.call(this, value, metadata);
  };
  ValidationPipe.prototype.transform = keeping;
}

function isMade(value: unknown, metadata: ArgumentMetadata, pipe: PipeParts): boolean {
  const declared: unknown = pipe.expectedType ?? metadata.metatype;
  if (typeof value !== 'object' || typeof declared !== 'function' || !(value instanceof declared)) return false;
  return pipe.toValidate?.({ ...metadata, metatype: declared as NonNullable<ArgumentMetadata['metatype']> }) === true;
}

async function validated(value: object, pipe: ValidationPipe, transform: Transform): Promise<object> {
  if (!loaded.has(pipe)) loaded.set(pipe, loadValidator(transform));
  await loaded.get(pipe);
  const parts = pipe as unknown as PipeParts;
  const { validatorOptions } = parts;
  const validationError = { target: false, ...validatorOptions?.validationError };
  const errors = (await parts.validate?.(value, { ...validatorOptions, validationError })) ?? [];
  if (errors.length === 0) return value;
  if (validationError.value === undefined) parts.stripParentErrorValues?.(errors);
  throw await parts.exceptionFactory?.(errors);
}

/** A class without rules. */
class AnyObject {}

/**
 * Nest 12 has the validator of a pipe only after the first `transform`; whether that passes does not matter. It runs on an
 * object of its own, so that nothing of the user's pipe runs.
 */
const loadValidator = (transform: Transform): Promise<unknown> =>
  transform
    .call(
      Object.create(ValidationPipe.prototype, { validatorOptions: { value: {} } }) as ValidationPipe,
      new AnyObject(),
      {
        type: 'body',
        metatype: AnyObject,
      },
    )
    .catch(() => undefined);

import { instanceToPlain, plainToInstance } from 'class-transformer';
import { ConfigurationError } from '../../errors/configuration-error';
import { describeThrown } from '../../errors/describe-thrown';
import type { ClassType } from '../../task/class-type';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../json-budget';
import { rulesOfClass } from './class-rules';
import { type ClassShape, type Constructor, ShapeCompiler } from './class-shape';
import { type Copying, copyKnownKeys, LossFinder } from './known-keys';
import type { PayloadCheck, PayloadCheckOptions, PayloadResult } from './payload-check';
import { failPayload, kindOf } from './payload-failure';
import { ProblemList } from './problem-list';
import { readTransformerMetadata, type TransformerMetadata } from './transformer-metadata';
import { InstanceValidator } from './validate-instance';
import { measureValue } from './value-budget';

/**
 * Prepares the check of a class payload.
 *
 * @param transformer - `null` where class-transformer's metadata cannot be read: then it makes every instance, and
 * nested classes are refused, since their keys are not known.
 * @throws ConfigurationError when the class has no class-validator decorators, or has some that no JSON can satisfy.
 */
export function compileClassPayload(
  type: ClassType,
  options: PayloadCheckOptions,
  transformer: TransformerMetadata | null = readTransformerMetadata() ?? null,
): PayloadCheck {
  const payloads = new ClassPayloads(type as Constructor, options, transformer);
  return Object.freeze({
    check: (value: unknown) => payloads.check(value),
    toWire: (payload: unknown) => payloads.toWire(payload),
  });
}

class ClassPayloads {
  readonly #shape: ClassShape;
  readonly #limits: JsonLimits;
  readonly #validator: InstanceValidator;
  /** Whether class-transformer has something to do. Otherwise instances are filled by hand, at a twentieth of the cost. */
  readonly #transforms: boolean;
  readonly #refusesUnknown: boolean;
  /** Whether anything recurses over a value that was not measured as bytes, or is quadratic in it. */
  readonly #measures: boolean;

  constructor(
    private readonly type: Constructor,
    options: PayloadCheckOptions,
    transformer: TransformerMetadata | null,
  ) {
    const compiler = new ShapeCompiler(transformer ?? undefined);
    this.#shape = compiler.shapeOf(type);
    const problems = rulesOfClass(type).properties.length > 0 ? compiler.problems : [undecorated(type.name)];
    if (problems.length > 0) throw new ConfigurationError(problems);
    this.#limits = options.limits ?? DEFAULT_JSON_LIMITS;
    this.#validator = new InstanceValidator(this.#limits);
    this.#transforms = compiler.needsTransformer;
    this.#refusesUnknown = options.unknownKeys === 'refuse';
    this.#measures =
      this.#transforms || (this.#refusesUnknown && this.#shape.keys.some(({ nested }) => nested !== undefined));
  }

  check(value: unknown): PayloadResult | Promise<PayloadResult> {
    if (!isObject(value)) return notAnObject(value, this.type.name);
    const made = this.#instanceOf(value);
    if (!made.ok) return made;
    const problems = this.#validator.validate(made.payload as object);
    if (problems instanceof Promise) return problems.then((list) => (list.isEmpty ? made : list.toFailure()));
    return problems.isEmpty ? made : problems.toFailure();
  }

  /** An instance of the class with class-transformer's decorators says by them how it is written; all else is as it is. */
  toWire(payload: unknown): PayloadResult {
    if (!isObject(payload)) return { ok: true, payload };
    try {
      if (this.#transforms && payload instanceof this.type) {
        const limit = measureValue(payload, this.#limits);
        if (limit !== undefined) return failPayload('limit', limit);
        return { ok: true, payload: instanceToPlain(payload) };
      }
      return { ok: true, payload: typeof payload['toJSON'] === 'function' ? payload['toJSON']() : payload };
    } catch (thrown) {
      return failPayload('transform', `writing ${this.type.name} threw ${describeThrown(thrown).name}`);
    }
  }

  #instanceOf(value: Record<string, unknown>): PayloadResult {
    try {
      const limit = this.#measures ? measureValue(value, this.#limits) : undefined;
      if (limit !== undefined) return failPayload('limit', limit);
      if (this.#refusesUnknown) {
        const problems = new ProblemList();
        new LossFinder(problems).find(value, this.#shape);
        if (!problems.isEmpty) return problems.toFailure();
      }
      return { ok: true, payload: this.#transforms ? this.#transform(value) : this.#fill(value) };
    } catch (thrown) {
      // The constructor, a setter, a @Transform, or a getter of the sender's object.
      return failPayload('transform', `making ${this.type.name} threw ${describeThrown(thrown).name}`);
    }
  }

  #transform(value: Record<string, unknown>): unknown {
    return plainToInstance(this.type, copyKnownKeys(value, this.#shape, {}, FOR_TRANSFORMER));
  }

  #fill(value: Record<string, unknown>): unknown {
    return copyKnownKeys(value, this.#shape, new this.type(), BY_HAND);
  }
}

const BY_HAND: Copying = { part: ({ type }) => new type(), freeForm: (value) => value };
const FOR_TRANSFORMER: Copying = { part: () => ({}), freeForm: withoutConstructors };

/** class-transformer takes an own `constructor` for a class, and throws; where it does not throw, it leaves it out. */
function withoutConstructors(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutConstructors);
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'constructor');
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutConstructors(item)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notAnObject(value: unknown, className: string): PayloadResult {
  if (value === undefined) return failPayload('missing', `is missing; expected an object (${className})`);
  return failPayload('type', `must be an object (${className}), not ${kindOf(value)}`);
}

function undecorated(className: string): string {
  return `class ${className} has no class-validator decorators, so no payload could be checked: decorate its properties (@IsString(), @IsInt() …), or declare payload: 'unchecked'`;
}

import { instanceToPlain, plainToInstance } from 'class-transformer';
import { ConfigurationError } from '../../errors/configuration-error';
import { describeThrown } from '../../errors/describe-thrown';
import type { ClassType } from '../../task/class-type';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../json-budget';
import { rulesOfClass } from './class-rules';
import { type ClassShape, type Constructor, ShapeCompiler } from './class-shape';
import { LossFinder } from './find-losses';
import { DepthExceeded, InstanceMaker } from './make-instance';
import type { PayloadCheck, PayloadCheckOptions, PayloadResult } from './payload-check';
import { failPayload, kindOf } from './payload-failure';
import { ROOT_PATH } from './payload-path';
import { ProblemList } from './problem-list';
import { readTransformerMetadata, type TransformerMetadata } from './transformer-metadata';
import { InstanceValidator } from './validate-instance';
import { isWrittenAsItIs, jsonOf, PayloadWriter, WriteLimit } from './write-payload';

/**
 * Prepares the check of a class payload.
 *
 * @param transformer - `null` where class-transformer's metadata cannot be read: then it makes every instance, and
 * nested classes are refused, since their keys are not known.
 * @throws ConfigurationError when the class has no class-validator decorators, or has some that no JSON can satisfy, or
 * cannot be made without arguments.
 *
 * @see docs/decisions/005-sender-refuses-unknown-keys-worker-drops-them.md
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
  readonly #compiler: ShapeCompiler;
  readonly #shape: ClassShape;
  readonly #limits: JsonLimits;
  readonly #validator: InstanceValidator;
  readonly #maker: InstanceMaker;
  /** Whether every object of a sender is written anew. Otherwise those are that are not as declared. */
  readonly #rewrites: boolean;
  /** Whether functions of the user's get parts of the value while an instance is made, which they may change. */
  readonly #transforms: boolean;
  readonly #isSender: boolean;

  constructor(
    private readonly type: Constructor,
    options: PayloadCheckOptions,
    private readonly transformer: TransformerMetadata | null,
  ) {
    const compiler = new ShapeCompiler(transformer ?? undefined);
    this.#compiler = compiler;
    this.#shape = compiler.payloadShape(type);
    const problems = [...compiler.problems];
    if (rulesOfClass(type).properties.length === 0) problems.unshift(undecorated(type.name));
    if (problems.length > 0) throw new ConfigurationError(problems);
    this.#limits = options.limits ?? DEFAULT_JSON_LIMITS;
    this.#validator = new InstanceValidator(this.#limits);
    this.#maker = new InstanceMaker(compiler, this.#limits.maxDepth);
    this.#rewrites = compiler.rewrites;
    this.#transforms = compiler.transforms || transformer === null;
    this.#isSender = options.unknownKeys === 'refuse';
  }

  check(value: unknown): PayloadResult | Promise<PayloadResult> {
    if (!isObject(value)) return notAnObject(value, this.type.name);
    const problems = new ProblemList();
    try {
      if (this.#isSender) return this.#checkSent(value, problems);
      return this.#validated(this.#made(value), problems);
    } catch (thrown) {
      if (thrown instanceof DepthExceeded) return failPayload('limit', thrown.toText(this.#limits));
      // The constructor, a setter, a @Transform, or a getter of the sender's object.
      if (!problems.hasLosses) problems.add(ROOT_PATH, 'transform', threw('making', this.type, thrown));
      return problems.toFailure();
    }
  }

  #checkSent(value: Record<string, unknown>, problems: ProblemList): PayloadResult | Promise<PayloadResult> {
    const finder = new LossFinder(problems, this.#limits, this.#compiler);
    const limit = finder.find(value, this.#shape);
    if (limit !== undefined) return failPayload('limit', limit);
    // A function of the user's gets what the worker's will get: what was decoded, and nothing of the sender's own.
    const from = this.#transforms && !problems.hasLosses ? decoded(value) : value;
    this.#maker.taken = 0;
    const made = this.#made(from);
    // Past too many unknown keys, nothing more was looked at.
    if (this.#maker.taken > finder.known && problems.isEmpty) problems.addLoss(ROOT_PATH, 'type', NOT_ENUMERABLE);
    return this.#validated(made, problems);
  }

  /** What the object is on the wire. Unknown keys stay, for `check` to find. */
  toWire(payload: unknown): PayloadResult {
    if (!isObject(payload)) return { ok: true, payload };
    try {
      if (this.transformer === null) return { ok: true, payload: this.#writtenByLibrary(payload) };
      if (!this.#rewrites && isWrittenAsItIs(payload, this.#shape)) return { ok: true, payload };
      return { ok: true, payload: new PayloadWriter(this.#compiler, this.#limits).write(payload, this.#shape) };
    } catch (thrown) {
      if (thrown instanceof WriteLimit) return failPayload('limit', thrown.message);
      return failPayload('transform', threw('writing', this.type, thrown));
    }
  }

  #validated(instance: object, found: ProblemList): PayloadResult | Promise<PayloadResult> {
    const made: PayloadResult = { ok: true, payload: instance };
    const problems = this.#validator.validate(instance, found);
    if (problems instanceof Promise) return problems.then((list) => (list.isEmpty ? made : list.toFailure()));
    return problems.isEmpty ? made : problems.toFailure();
  }

  #made(from: Record<string, unknown>): object {
    return this.transformer === null ? this.#madeByLibrary(from) : this.#maker.make(from, this.#shape);
  }

  /** Where the metadata cannot be read, class-transformer itself must do, with the keys that are known only. */
  #madeByLibrary(from: Record<string, unknown>): object {
    const known = Object.entries(from).filter(([key]) => this.#shape.names.has(key));
    return plainToInstance(this.type, Object.fromEntries(known));
  }

  #writtenByLibrary(payload: Record<string, unknown>): unknown {
    if (payload instanceof this.type) return instanceToPlain(payload);
    const json = jsonOf(payload);
    if (!isObject(json)) return json;
    const written = Object.entries(json).filter(([key]) => this.#shape.names.get(key)?.isWritten !== false);
    return Object.fromEntries(written);
  }
}

const NOT_ENUMERABLE = 'has a key that is not enumerable, which JSON leaves out';

const decoded = (value: object): Record<string, unknown> =>
  JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

const threw = (doing: string, type: Constructor, thrown: unknown): string =>
  `${doing} ${type.name} threw ${describeThrown(thrown).name}`;

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

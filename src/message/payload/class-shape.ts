import type { DiscriminatorDescriptor, TypeMetadata } from 'class-transformer';
import { IS_DATE } from 'class-validator';
import { describeThrown } from '../../errors/describe-thrown';
import type { ClassType } from '../../task/class-type';
import { type PropertyRules, rulesOfClass } from './class-rules';
import type { TransformerMetadata } from './transformer-metadata';

export type Constructor = new () => object;

/** The keys that a payload class knows: those that its decorators name. */
export interface ClassShape {
  readonly className: string;
  readonly type: Constructor;
  readonly names: ReadonlySet<string>;
  readonly keys: readonly KeyShape[];
}

/** A key that the class knows. */
export interface KeyShape {
  readonly name: string;
  /** Where its value is put for class-transformer: the name that `@Expose` gives. */
  readonly target: string;
  /** The objects behind it, where `@Type` names their class. Otherwise its value is taken as it is. */
  readonly nested: NestedShape | undefined;
}

export interface NestedShape {
  readonly shape: ClassShape;
  /** Whether the value is a map of such objects, whose keys are data. */
  readonly isMap: boolean;
  readonly discriminator: Discriminator | undefined;
}

export interface Discriminator {
  readonly property: string;
  readonly shapes: ReadonlyMap<unknown, ClassShape>;
}

/** Never keys of a payload: to assign them would set a prototype, or hide the class from class-validator. */
const FORBIDDEN_KEYS = ['__proto__', 'constructor'];
const BUILT_IN = new Set<unknown>([String, Number, Boolean, BigInt, Symbol, Object, Array, Date, Map, Set, Buffer]);

/** Of an object whose discriminator names no class. */
const NO_SHAPE: ClassShape = Object.freeze({ className: 'Object', type: Object, names: new Set<string>(), keys: [] });

/** Finds the shapes of a class and of those nested in it, and what is wrong with their decorators. */
export class ShapeCompiler {
  readonly problems: string[] = [];
  /** Whether any of the classes has a decorator that only class-transformer can carry out. */
  needsTransformer = false;
  readonly #shapes = new Map<ClassType, ClassShape>();

  /** @param transformer - `undefined` where class-transformer's metadata cannot be read. */
  constructor(private readonly transformer: TransformerMetadata | undefined) {}

  shapeOf(type: ClassType): ClassShape {
    const existing = this.#shapes.get(type);
    if (existing !== undefined) return existing;
    const names = new Set<string>();
    const keys: KeyShape[] = [];
    const shape: ClassShape = { className: type.name, type: type as Constructor, names, keys };
    // Before its keys are looked at: a class can be nested in itself.
    this.#shapes.set(type, shape);
    if (this.transformer?.onlyTypes(type) !== true) this.needsTransformer = true;
    const rules = new Map(rulesOfClass(type).properties.map((property) => [property.property, property]));
    for (const property of this.#propertiesOf(type, rules.keys())) {
      const target = this.transformer?.wireNameOf(type, property) ?? property;
      const nested = this.#nestedShape(type, property, rules.get(property));
      // A renamed property is known by both names: typed senders write the one, JSON from elsewhere has the other.
      for (const name of new Set([property, target])) {
        names.add(name);
        if (isAssignable(type, property)) keys.push(Object.freeze({ name, target, nested }));
      }
    }
    return shape;
  }

  #propertiesOf(type: ClassType, validated: Iterable<string>): ReadonlySet<string> {
    const properties = new Set([...validated, ...(this.transformer?.propertiesOf(type) ?? [])]);
    for (const key of FORBIDDEN_KEYS) properties.delete(key);
    return properties;
  }

  #nestedShape(type: ClassType, property: string, rules: PropertyRules | undefined): NestedShape | undefined {
    const where = `${type.name}.${property}`;
    const isValidated = rules !== undefined && rules.nested.length > 0;
    const metadata = this.transformer?.typeOf(type, property);
    if (metadata !== undefined) return this.#typedShape(where, metadata, isValidated);
    if (this.transformer === undefined && isValidated) this.problems.push(`${where}: ${UNREADABLE}`);
    if (this.transformer === undefined || this.transformer.isTransformed(type, property)) return undefined;
    if (isValidated) this.problems.push(`${where}: ${NESTED_WITHOUT_TYPE}`);
    if (rules?.constraints.some(({ rule }) => rule === IS_DATE)) this.problems.push(`${where}: ${DATE_WITHOUT_TYPE}`);
    return undefined;
  }

  #typedShape(where: string, metadata: TypeMetadata, isValidated: boolean): NestedShape | undefined {
    const { typeFunction, reflectedType, options } = metadata;
    const discriminator = options?.discriminator;
    // A type that is chosen by looking at the value has no shape of its own.
    const isFixed = typeFunction === undefined || typeFunction.length === 0;
    const type: unknown = isFixed ? this.#typeOf(where, metadata) : undefined;
    const isClass = typeof type === 'function' && !BUILT_IN.has(type);
    if (!isClass || discriminator !== undefined || !isFilledByHand(reflectedType, type)) this.needsTransformer = true;
    if (!isClass && discriminator === undefined) return undefined;
    return Object.freeze({
      shape: isClass ? this.#classShape(where, type as unknown as ClassType, isValidated) : NO_SHAPE,
      isMap: reflectedType === Map,
      discriminator: discriminator && this.#discriminator(where, discriminator, isValidated),
    });
  }

  #discriminator(where: string, { property, subTypes }: DiscriminatorDescriptor, isValidated: boolean): Discriminator {
    const shapes = subTypes.map(({ name, value }) => [name, this.#classShape(where, value, isValidated)] as const);
    return Object.freeze({ property, shapes: new Map(shapes) });
  }

  #classShape(where: string, type: ClassType, isValidated: boolean): ClassShape {
    if (isValidated && rulesOfClass(type).properties.length === 0) {
      this.problems.push(
        `${where}: @ValidateNested() needs class-validator decorators on ${type.name}, which has none`,
      );
    }
    return this.shapeOf(type);
  }

  #typeOf(where: string, { typeFunction, reflectedType }: TypeMetadata): unknown {
    try {
      const type: unknown = typeFunction === undefined ? reflectedType : typeFunction();
      if (type === undefined) this.problems.push(`${where}: ${TYPE_UNDEFINED}`);
      return type;
    } catch (thrown) {
      this.problems.push(`${where}: the function of @Type threw ${describeThrown(thrown).name}`);
      return undefined;
    }
  }
}

/** Whether the property holds one instance or an array of them, by its declared type; not a Map, Set or own collection. */
function isFilledByHand(declaredType: unknown, type: unknown): boolean {
  return declaredType === undefined || declaredType === type || declaredType === Array || declaredType === Object;
}

const UNREADABLE =
  '@ValidateNested() needs the metadata of class-transformer, which cannot be read: keep class-transformer out of the bundle';
const NESTED_WITHOUT_TYPE = '@ValidateNested() without @Type(() => Class) would find every value invalid; add @Type';
const DATE_WITHOUT_TYPE =
  '@IsDate() without @Type(() => Date) would find every value invalid, since JSON has no dates; add @Type, or use @IsISO8601()';
const TYPE_UNDEFINED =
  '@Type() gives undefined: its class is not loaded yet, because two files import each other; move one of the classes';

/** Whether the property can be set: not a method, not a getter alone. class-transformer leaves those out, too. */
function isAssignable(type: ClassType, property: string): boolean {
  for (let proto: unknown = type.prototype; proto !== Object.prototype && proto !== null; ) {
    const found = Object.getOwnPropertyDescriptor(proto, property);
    if (found !== undefined)
      return found.set !== undefined || (found.writable === true && typeof found.value !== 'function');
    proto = Object.getPrototypeOf(proto);
  }
  return true;
}

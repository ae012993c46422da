import type { DiscriminatorDescriptor, TransformMetadata, TypeMetadata } from 'class-transformer';
import { IS_DATE } from 'class-validator';
import { describeThrown } from '../../errors/describe-thrown';
import type { ClassType } from '../../task/class-type';
import { type PropertyRules, rulesOfClass } from './class-rules';
import { copiesThatKnow } from './transformer-copies';
import { isLeftOutByProbe } from './transformer-fallback';
import type { TransformerMetadata } from './transformer-metadata';

export type Constructor = new () => object;

/** The keys that a payload class knows: those that its decorators name. */
export interface ClassShape {
  readonly className: string;
  readonly type: Constructor;
  /** What each key of JSON stands for. A renamed property has two: typed senders write the one, others the other. */
  readonly names: ReadonlyMap<string, PropertyShape>;
  readonly properties: ReadonlyMap<string, PropertyShape>;
  /** The properties that are read, in the order of their decorators. */
  readonly read: readonly PropertyShape[];
  /** Whether class-transformer's decorators say more of the class than the types of its properties. */
  readonly isDecorated: boolean;
  /** Whether keys that no decorator names are left out, and not unknown: `@Exclude()` on the class. */
  readonly excludesOthers: boolean;
}

export interface PropertyShape {
  readonly property: string;
  /** Its key in JSON: the name that `@Expose` gives, or its own. */
  readonly wireName: string;
  /** Whether what JSON has of it comes into the instance: it can be set, and the class does not exclude it. */
  readonly isRead: boolean;
  /** Whether it is sent: the class does not exclude it. */
  readonly isWritten: boolean;
  /** Whether it is read by `@Transform` though its key is missing, as `@Expose` asks for. */
  readonly isReadWhenMissing: boolean;
  /** Whether an instance gives it though it has no such key of its own: an exposed getter or method, or an accessor. */
  readonly isGiven: boolean;
  /** What `@Type` says of its values. Without it they are taken as they are. */
  readonly values: ValueShape | undefined;
  readonly readTransforms: readonly TransformMetadata[];
  readonly writeTransforms: readonly TransformMetadata[];
}

/** What `@Type` says of the values of a property: of one, of those of an array, of a Set, or of a Map. */
export interface ValueShape {
  /** `undefined`: a type that says nothing of what is inside, such as Object or Map. */
  readonly item: ItemType | undefined;
  /** Whether the value is a map of such items, whose keys are data. */
  readonly isMap: boolean;
  /** The collection that the property is declared to be, other than an array. */
  readonly collection: (new () => Set<unknown> | unknown[]) | undefined;
  readonly discriminator: Discriminator | undefined;
}

export type ItemType =
  | { readonly kind: 'class'; readonly shape: ClassShape }
  | { readonly kind: 'scalar'; readonly type: ScalarType }
  /** Chosen by the function of `@Type`, which looks at the object. */
  | { readonly kind: 'chosen'; readonly choose: NonNullable<TypeMetadata['typeFunction']> };

export type ScalarType = 'String' | 'Number' | 'Boolean' | 'Date' | 'Buffer';

export interface Discriminator {
  readonly property: string;
  readonly shapes: ReadonlyMap<unknown, ClassShape>;
  /** The name of each class. */
  readonly tags: ReadonlyMap<unknown, string>;
  /** Whether the property stays in the instance. */
  readonly isKept: boolean;
}

/** Never keys of a payload: to assign them would set a prototype, or hide the class from class-validator. */
const FORBIDDEN_KEYS = ['__proto__', 'constructor'];
const SCALARS = new Map<unknown, ScalarType>([
  [String, 'String'],
  [Number, 'Number'],
  [Boolean, 'Boolean'],
  [Date, 'Date'],
  [Buffer, 'Buffer'],
]);
const BUILT_IN = new Set<unknown>([BigInt, Symbol, Object, Array, Map, Set]);

/** Of an object whose discriminator names no class. */
export const NO_SHAPE: ClassShape = Object.freeze({
  className: 'Object',
  type: Object,
  names: new Map<string, PropertyShape>(),
  properties: new Map<string, PropertyShape>(),
  read: [],
  isDecorated: false,
  excludesOthers: false,
});

/** Finds the shapes of a class and of those nested in it, and what is wrong with their decorators. */
export class ShapeCompiler {
  readonly problems: string[] = [];
  /** Whether an object that a sender gives must be written anew, since more than its keys and values counts. */
  rewrites = false;
  /** Whether a function of the user's makes values while an instance is made. */
  transforms = false;
  readonly #shapes = new WeakMap<ClassType, ClassShape>();

  /** @param transformer - `undefined` where class-transformer's metadata cannot be read. */
  constructor(private readonly transformer: TransformerMetadata | undefined) {}

  /** The shape of a class that payloads are made of. */
  payloadShape(type: ClassType): ClassShape {
    const isNew = !this.#shapes.has(type);
    const shape = this.shapeOf(type);
    if (isNew) this.#noteConstructor(type);
    return shape;
  }

  shapeOf(type: ClassType): ClassShape {
    const existing = this.#shapes.get(type);
    if (existing !== undefined) return existing;
    const names = new Map<string, PropertyShape>();
    const properties = new Map<string, PropertyShape>();
    const read: PropertyShape[] = [];
    const isDecorated = this.transformer?.onlyTypes(type) !== true;
    const excludesOthers = this.transformer?.excludesOthers(type) === true;
    const className = type.name;
    const shape = { className, type: type as Constructor, names, properties, read, isDecorated, excludesOthers };
    // Before its keys are looked at: a class can be nested in itself.
    this.#shapes.set(type, shape);
    if (isDecorated) this.rewrites = true;
    const copies = copiesThatKnow(type);
    if (copies.length > 0) this.problems.push(`class ${type.name}: ${twoCopies(copies)}`);
    const rules = new Map(rulesOfClass(type).properties.map((property) => [property.property, property]));
    for (const property of this.#propertiesOf(type, rules.keys())) {
      const made = this.#propertyShape(type, property, rules.get(property));
      properties.set(property, made);
      names.set(made.wireName, made);
      if (made.isRead) read.push(made);
    }
    // A key that is one property's name and another one's in JSON is the other one's.
    for (const [property, made] of properties) if (!names.has(property)) names.set(property, made);
    return shape;
  }

  #propertyShape(type: ClassType, property: string, rules: PropertyRules | undefined): PropertyShape {
    const { transformer } = this;
    const place = placeOf(type, property);
    const transforms = (direction: 'read' | 'write') => transformer?.transformsOf(type, property, direction) ?? [];
    const isExposed = (direction: 'read' | 'write') => transformer?.isExposed(type, property, direction) === true;
    const readTransforms = transforms('read');
    if (readTransforms.length > 0) this.transforms = true;
    if (place === 'accessor') this.rewrites = true;
    return Object.freeze({
      property,
      wireName: transformer?.wireNameOf(type, property) ?? property,
      isRead: place !== 'fixed' && !this.#isExcluded(type, property, 'read'),
      isWritten: !this.#isExcluded(type, property, 'write'),
      isReadWhenMissing: readTransforms.length > 0 && isExposed('read'),
      isGiven: place === 'accessor' || isExposed('write'),
      values: this.#valueShape(type, property, rules),
      readTransforms,
      writeTransforms: transforms('write'),
    });
  }

  #isExcluded(type: ClassType, property: string, direction: 'read' | 'write'): boolean {
    const { transformer } = this;
    if (transformer === undefined) return direction === 'write' && isLeftOutByProbe(type, property);
    const isKnownTo = (ancestor: ClassType): boolean =>
      transformer.propertiesOf(ancestor).includes(property) ||
      rulesOfClass(ancestor).properties.some((rules) => rules.property === property);
    return transformer.isExcluded(type, property, direction, isKnownTo);
  }

  #propertiesOf(type: ClassType, validated: Iterable<string>): ReadonlySet<string> {
    const properties = new Set([...validated, ...(this.transformer?.propertiesOf(type) ?? [])]);
    for (const key of FORBIDDEN_KEYS) properties.delete(key);
    return properties;
  }

  #valueShape(type: ClassType, property: string, rules: PropertyRules | undefined): ValueShape | undefined {
    const where = `${type.name}.${property}`;
    const isValidated = rules !== undefined && rules.nested.length > 0;
    const metadata = this.transformer?.typeOf(type, property);
    if (metadata !== undefined) return this.#typedShape(where, metadata, isValidated);
    if (this.transformer === undefined && isValidated) this.problems.push(`${where}: ${UNREADABLE}`);
    if (this.transformer === undefined || this.transformer.isTransformed(type, property)) return undefined;
    // Where another copy has the decorators, they are not missing.
    if (copiesThatKnow(type).length > 0) return undefined;
    if (isValidated) this.problems.push(`${where}: ${NESTED_WITHOUT_TYPE}`);
    if (rules?.constraints.some(({ rule }) => rule === IS_DATE)) this.problems.push(`${where}: ${DATE_WITHOUT_TYPE}`);
    return undefined;
  }

  #typedShape(where: string, metadata: TypeMetadata, isValidated: boolean): ValueShape {
    const { reflectedType, options } = metadata;
    const item = this.#itemOf(where, metadata, isValidated);
    const discriminator = options?.discriminator && this.#discriminator(where, options, isValidated);
    const isMap = reflectedType === Map;
    const collection = isCollection(reflectedType) ? reflectedType : undefined;
    const isPlain = item?.kind === 'class' && discriminator === undefined && !isMap && collection === undefined;
    if (!isPlain) this.rewrites = true;
    return Object.freeze({ item, isMap, collection, discriminator });
  }

  #itemOf(where: string, metadata: TypeMetadata, isValidated: boolean): ItemType | undefined {
    const { typeFunction } = metadata;
    // A type that is chosen by looking at the value has no shape of its own.
    if (typeFunction !== undefined && typeFunction.length > 0) return { kind: 'chosen', choose: typeFunction };
    const type = this.#typeOf(where, metadata);
    return this.#itemOfType(type, (own) => this.#nestedShape(where, own, isValidated));
  }

  /** What a type that the function of `@Type` chose says of its values. */
  chosenItem(type: unknown): ItemType | undefined {
    return this.#itemOfType(type, (own) => this.shapeOf(own));
  }

  #itemOfType(type: unknown, shapeOf: (type: ClassType) => ClassShape): ItemType | undefined {
    const scalar = SCALARS.get(type);
    if (scalar !== undefined) return { kind: 'scalar', type: scalar };
    if (typeof type !== 'function' || BUILT_IN.has(type)) return undefined;
    return { kind: 'class', shape: shapeOf(type as unknown as ClassType) };
  }

  #discriminator(where: string, options: NonNullable<TypeMetadata['options']>, isValidated: boolean): Discriminator {
    const { property, subTypes } = options.discriminator as DiscriminatorDescriptor;
    const shapes = subTypes.map(({ name, value }) => [name, this.#nestedShape(where, value, isValidated)] as const);
    return Object.freeze({
      property,
      shapes: new Map(shapes),
      tags: new Map(subTypes.map(({ name, value }) => [value, name])),
      isKept: options.keepDiscriminatorProperty === true,
    });
  }

  #nestedShape(where: string, type: ClassType, isValidated: boolean): ClassShape {
    if (isValidated && rulesOfClass(type).properties.length === 0) {
      this.problems.push(
        `${where}: @ValidateNested() needs class-validator decorators on ${type.name}, which has none`,
      );
    }
    return this.payloadShape(type);
  }

  #typeOf(where: string, { typeFunction, reflectedType }: TypeMetadata): unknown {
    try {
      const type: unknown = typeFunction === undefined ? reflectedType : typeFunction(undefined);
      if (type === undefined) this.problems.push(`${where}: ${TYPE_UNDEFINED}`);
      return type;
    } catch (thrown) {
      this.problems.push(`${where}: the function of @Type threw ${describeThrown(thrown).name}`);
      return undefined;
    }
  }

  /** Payloads are made with `new`, without arguments: better found out at start-up than with the first message. */
  #noteConstructor(type: ClassType): void {
    try {
      new (type as Constructor)();
    } catch (thrown) {
      this.problems.push(`class ${type.name}: ${constructorThrows(describeThrown(thrown).name)}`);
    }
  }
}

/** The declared type of a property that holds a Set, or an array of a class of its own. */
function isCollection(type: unknown): type is new () => Set<unknown> | unknown[] {
  if (typeof type !== 'function' || type === Array) return false;
  return type === Set || [Set, Array].some((base) => Object.prototype.isPrototypeOf.call(base, type));
}

const UNREADABLE =
  '@ValidateNested() needs the metadata of class-transformer, which cannot be read: keep class-transformer out of the bundle';
const NESTED_WITHOUT_TYPE =
  '@ValidateNested() without @Type(() => Class) would find every value invalid; add @Type. If it has @Type, your code and Warren use two copies of class-transformer: "npm ls class-transformer" shows them, "npm dedupe" leaves one; keep it out of bundles';
const DATE_WITHOUT_TYPE =
  '@IsDate() without @Type(() => Date) would find every value invalid, since JSON has no dates; add @Type, or use @IsISO8601(). If it has @Type, your code and Warren use two copies of class-transformer: "npm ls class-transformer" shows them, "npm dedupe" leaves one; keep it out of bundles';
const TYPE_UNDEFINED =
  '@Type() gives undefined: its class is not loaded yet, because two files import each other; move one of the classes';
const constructorThrows = (error: string): string =>
  `its constructor threw ${error} when it was called without arguments, as it is for each payload: give its parameters defaults, or move what it does to a static method`;
const twoCopies = (copies: readonly string[]): string =>
  `its decorators are those of another copy of class-transformer (${copies.join(', ')}) than the one that Warren reads, so @Exclude, @Type and the others would have no effect: "npm ls class-transformer" shows both; depend on version ^0.5.1 and run "npm dedupe"`;

/** Whether a property can be set: `fixed` is a method or a getter alone, which class-transformer leaves out, too. */
function placeOf(type: ClassType, property: string): 'own' | 'accessor' | 'fixed' {
  for (let proto: unknown = type.prototype; proto !== Object.prototype && proto !== null; ) {
    const found = Object.getOwnPropertyDescriptor(proto, property);
    if (found !== undefined) {
      if (found.set !== undefined) return found.get === undefined ? 'own' : 'accessor';
      return found.writable === true && typeof found.value !== 'function' ? 'own' : 'fixed';
    }
    proto = Object.getPrototypeOf(proto);
  }
  return 'own';
}

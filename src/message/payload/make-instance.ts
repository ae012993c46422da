import type { TransformationType, TransformMetadata } from 'class-transformer';
import { limitText } from '../json-budget';
import type {
  ClassShape,
  Discriminator,
  ItemType,
  PropertyShape,
  ScalarType,
  ShapeCompiler,
  ValueShape,
} from './class-shape';
import { NO_SHAPE } from './class-shape';

type Entries = Readonly<Record<string, unknown>>;

/** class-transformer's numbers; its enum would be one more import that a bundler can get wrong. */
export const PLAIN_TO_CLASS = 0 as TransformationType.PLAIN_TO_CLASS;
export const CLASS_TO_PLAIN = 1 as TransformationType.CLASS_TO_PLAIN;

/** What a function of `@Transform` is given as `options`: those of a call without any. */
const OPTIONS = Object.freeze({
  enableCircularCheck: false,
  enableImplicitConversion: false,
  excludeExtraneousValues: false,
  excludePrefixes: undefined,
  exposeDefaultValues: false,
  exposeUnsetFields: true,
  groups: undefined,
  ignoreDecorators: false,
  strategy: undefined,
  targetMaps: undefined,
  version: undefined,
});

/**
 * Makes instances of payload classes by what class-transformer's decorators say of them. Takes as long as the classes
 * have keys: class-transformer's own executor takes time quadratic in the keys of the object. Where the two differ:
 * - Values without `@Type` are not touched, whatever their keys are.
 * - A key that is missing leaves the default of the class, with `@Expose` too.
 * - A function of `@Transform` gets the whole object, with the keys that the class does not know.
 *
 * @see docs/decisions/016
 */
export class InstanceMaker {
  /** Values taken so far. The sender compares it with what JSON writes: a key that is not enumerable is left out there. */
  taken = 0;

  constructor(
    private readonly compiler: ShapeCompiler,
    private readonly maxDepth: number,
  ) {}

  make(from: Entries, shape: ClassShape, depth = 1): object {
    if (depth > this.maxDepth) throw new DepthExceeded();
    const to: object = new shape.type();
    for (const property of shape.read) {
      const value = valueFor(property, from, shape);
      if (value !== undefined) {
        this.taken++;
        set(to, property, this.#finished(value, property, from, to, depth));
      } else if (property.isReadWhenMissing) setMissing(to, property, from);
    }
    return to;
  }

  #finished(value: unknown, property: PropertyShape, from: Entries, to: object, depth: number): unknown {
    const { values, readTransforms } = property;
    const typed = values === undefined ? value : this.#typed(value, values, property, from, to, depth);
    return readTransforms.length === 0 ? typed : transformed(typed, property.property, from, readTransforms);
  }

  #typed(
    value: unknown,
    values: ValueShape,
    property: PropertyShape,
    from: Entries,
    to: object,
    depth: number,
  ): unknown {
    const item = this.#chosen(values.item, { newObject: to, object: from, property: property.property });
    if (Array.isArray(value)) return this.#items(value, values, item, depth);
    if (values.isMap && isObject(value)) {
      const entries = Object.entries(value).map(([key, each]) => [key, this.#item(each, values, item, depth)] as const);
      return new Map(entries);
    }
    return this.#item(value, values, item, depth);
  }

  #items(list: readonly unknown[], values: ValueShape, item: ItemType | undefined, depth: number): unknown {
    if (depth > this.maxDepth) throw new DepthExceeded();
    const made = list.map((each) =>
      Array.isArray(each)
        ? this.#items(each, { ...values, collection: undefined }, item, depth + 1)
        : this.#item(each, values, item, depth),
    );
    const { collection } = values;
    if (collection === undefined) return made;
    const held = new collection();
    for (const each of made) held instanceof Set ? held.add(each) : held.push(each);
    return held;
  }

  #item(value: unknown, { discriminator }: ValueShape, item: ItemType | undefined, depth: number): unknown {
    if (item?.kind === 'scalar') return scalarOf(value, item.type);
    if (!isObject(value)) return value;
    if (discriminator !== undefined) return this.#discriminated(value, discriminator, item, depth);
    return item?.kind === 'class' ? this.make(value, item.shape, depth + 1) : value;
  }

  #discriminated(value: Entries, discriminator: Discriminator, item: ItemType | undefined, depth: number): object {
    const { property, isKept } = discriminator;
    const shape = shapeByTag(value, discriminator) ?? (item?.kind === 'class' ? item.shape : NO_SHAPE);
    const { [property]: tag, ...others } = value;
    const made = this.make(isKept ? value : others, shape, depth + 1);
    if (isKept && Object.hasOwn(value, property)) Reflect.set(made, property, tag);
    return made;
  }

  #chosen(item: ItemType | undefined, help: ChoiceHelp): ItemType | undefined {
    return item?.kind === 'chosen' ? this.compiler.chosenItem(item.choose(help)) : item;
  }
}

/** What the function of `@Type` is given. */
export interface ChoiceHelp {
  readonly newObject: object;
  readonly object: Record<string, unknown>;
  readonly property: string;
}

/** Thrown for objects that are nested past the limit. */
export class DepthExceeded extends Error {
  toText(limits: Parameters<typeof limitText.depth>[0]): string {
    return limitText.depth(limits);
  }
}

/** The class that the discriminator of an object names. */
export function shapeByTag(value: Entries, { property, shapes }: Discriminator): ClassShape | undefined {
  return Object.hasOwn(value, property) ? shapes.get(value[property]) : undefined;
}

/** Runs the functions of `@Transform` one after the other. */
export function transformed(
  value: unknown,
  key: string,
  obj: unknown,
  transforms: readonly TransformMetadata[],
  type: TransformationType = PLAIN_TO_CLASS,
): unknown {
  let result = value;
  for (const { transformFn } of transforms)
    result = transformFn({ value: result, key, obj, type, options: OPTIONS as never });
  return result;
}

/** By its name in JSON, else by its own, which typed senders write. As in JSON, a key without a value is no key. */
function valueFor(property: PropertyShape, from: Entries, { names }: ClassShape): unknown {
  const { wireName, property: own } = property;
  const value = Object.hasOwn(from, wireName) ? from[wireName] : undefined;
  if (value !== undefined || wireName === own || !Object.hasOwn(from, own)) return value;
  return names.get(own) === property ? from[own] : undefined;
}

/** A transform that has nothing to work with, and throws or gives nothing, leaves the default of the class. */
function setMissing(to: object, property: PropertyShape, from: Entries): void {
  const hasDefault = Reflect.get(to, property.property) !== undefined;
  try {
    const value = transformed(undefined, property.property, from, property.readTransforms);
    if (value === undefined || (hasDefault && isNothing(value))) return;
    set(to, property, value);
  } catch (thrown) {
    if (!hasDefault) throw thrown;
  }
}

function isNothing(value: unknown): boolean {
  return Number.isNaN(value) || (value instanceof Date && Number.isNaN(value.getTime()));
}

function set(to: object, { property }: PropertyShape, value: unknown): void {
  (to as Record<string, unknown>)[property] = value;
}

function scalarOf(value: unknown, type: ScalarType): unknown {
  if (value === null || value === undefined) return value;
  switch (type) {
    case 'String':
      return String(value);
    case 'Number':
      return Number(value);
    case 'Boolean':
      return Boolean(value);
    case 'Date':
      return new Date(value as string);
    case 'Buffer':
      return Buffer.from(value as string);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

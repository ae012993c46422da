import { type JsonLimits, limitText } from '../json-budget';
import type { ClassShape, Discriminator, ItemType, PropertyShape, ShapeCompiler, ValueShape } from './class-shape';
import { NO_SHAPE } from './class-shape';
import { lossOfKind } from './json-loss';
import { CLASS_TO_PLAIN, shapeByTag, transformed } from './make-instance';

type Entries = Readonly<Record<string, unknown>>;

/** What counts for one object while it is written. */
interface Writing {
  readonly object: Entries;
  /** Whether the object, or one above it, is an instance, which is written as its decorators say; else it is JSON. */
  readonly isTyped: boolean;
  readonly depth: number;
}

/** Thrown with the limit that an object breaks. */
export class WriteLimit extends Error {}

/**
 * Writes what a sender gives as the JSON objects that go on the wire. The sender's objects are only read. Of an instance,
 * everything counts that class-transformer's decorators say of writing. A plain object is written in JSON's terms already,
 * so only what the class excludes is left out.
 */
export class PayloadWriter {
  #objects = 0;

  constructor(
    private readonly compiler: ShapeCompiler,
    private readonly limits: JsonLimits,
  ) {}

  write(object: Entries, shape: ClassShape, isTyped = false, depth = 1): unknown {
    this.#count(depth);
    const own = this.#ownShape(object, shape);
    const isInstance = object instanceof shape.type && shape.type !== Object;
    if (isInstance && own.isDecorated) return this.#writeInstance({ object, isTyped: true, depth }, own);
    const json = jsonOf(object);
    if (json !== object) return isObject(json) ? this.#writePlain({ object: json, isTyped, depth }, shape, own) : json;
    // More than its keys: written as an object of its keys, nobody would see that something is lost.
    if (lossOfKind(object) !== undefined) return object;
    const writing = { object, isTyped: isTyped || isInstance, depth };
    return writing.isTyped && shape !== NO_SHAPE
      ? this.#writeInstance(writing, isInstance ? own : shape)
      : this.#writePlain(writing, shape, own);
  }

  #writeInstance(writing: Writing, shape: ClassShape): Entries {
    const { object } = writing;
    const to: Record<string, unknown> = {};
    for (const key of Object.keys(object)) {
      const property = shape.properties.get(key);
      if (property !== undefined) this.#writeProperty(writing, property, to);
      else if (!shape.excludesOthers) put(to, key, object[key]);
    }
    for (const property of shape.properties.values()) {
      if (property.isGiven && !Object.hasOwn(object, property.property)) this.#writeProperty(writing, property, to);
    }
    return to;
  }

  #writeProperty(writing: Writing, property: PropertyShape, to: Record<string, unknown>): void {
    if (!property.isWritten) return;
    const { object } = writing;
    const { property: key, wireName, writeTransforms, values } = property;
    const held = object[key];
    const changed =
      writeTransforms.length === 0 ? held : transformed(held, key, object, writeTransforms, CLASS_TO_PLAIN);
    // An exposed method gives what it returns.
    const value: unknown =
      changed === held && typeof held === 'function' && property.isGiven ? held.call(object) : changed;
    if (value !== undefined) put(to, wireName, this.#written(value, values, property, writing));
  }

  /** @param own - the shape of the object's own class, which may exclude more. */
  #writePlain(writing: Writing, shape: ClassShape, own: ClassShape): Entries {
    const { object } = writing;
    const to: Record<string, unknown> = {};
    for (const key of Object.keys(object)) {
      const property = shape.names.get(key);
      const isLeftOut = property === undefined ? shape.excludesOthers : !property.isWritten;
      if (isLeftOut || own.properties.get(key)?.isWritten === false) continue;
      const value = object[key];
      put(to, key, property === undefined ? value : this.#written(value, property.values, property, writing));
    }
    return to;
  }

  #written(value: unknown, values: ValueShape | undefined, property: PropertyShape, writing: Writing): unknown {
    if (values === undefined || typeof value !== 'object' || value === null) return value;
    const item = this.#chosen(values.item, property, writing.object);
    const write = (each: unknown) => this.#item(each, values, item, writing);
    if (Array.isArray(value)) return value.map((each) => this.#nested(each, write, writing.depth + 1));
    if (value instanceof Set) return isSet(values) ? [...value].map(write) : value;
    if (value instanceof Map) return values.isMap && hasTextKeys(value) ? mapped([...value], write) : value;
    if (values.isMap) return mapped(Object.entries(value), write);
    return write(value);
  }

  /** `map` passes over the holes of an array: they stay, and are found to be no JSON. */
  #nested(value: unknown, write: (each: unknown) => unknown, depth: number): unknown {
    if (!Array.isArray(value)) return write(value);
    this.#count(depth);
    return value.map((each) => this.#nested(each, write, depth + 1));
  }

  #item(value: unknown, values: ValueShape, item: ItemType | undefined, { isTyped, depth }: Writing): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const { discriminator } = values;
    if (item?.kind === 'scalar') return scalarToJson(value, item.type);
    if (isBuiltIn(value)) return value;
    if (discriminator !== undefined) {
      return this.#discriminated(value as Entries, discriminator, item, isTyped, depth);
    }
    return item?.kind === 'class' ? this.write(value as Entries, item.shape, isTyped, depth + 1) : value;
  }

  #discriminated(
    value: Entries,
    discriminator: Discriminator,
    item: ItemType | undefined,
    isTyped: boolean,
    depth: number,
  ): unknown {
    const { property, tags } = discriminator;
    const tag = tagOf(value, tags);
    const byTag = tag === undefined ? shapeByTag(value, discriminator) : discriminator.shapes.get(tag);
    const shape = byTag ?? (item?.kind === 'class' ? item.shape : NO_SHAPE);
    const written = this.write(value, shape, isTyped, depth + 1);
    if (!isObject(written)) return written;
    const said = tag ?? (Object.hasOwn(value, property) ? value[property] : undefined);
    return said === undefined ? written : { ...written, [property]: said };
  }

  #chosen(item: ItemType | undefined, property: PropertyShape, object: Entries): ItemType | undefined {
    if (item?.kind !== 'chosen') return item;
    return this.compiler.chosenItem(
      item.choose({ newObject: {}, object: object as never, property: property.property }),
    );
  }

  #ownShape(object: Entries, declared: ClassShape): ClassShape {
    const type: unknown = object.constructor;
    if (type === Object || type === declared.type || typeof type !== 'function') return declared;
    return type.prototype === Object.getPrototypeOf(object) ? this.compiler.shapeOf(type as never) : declared;
  }

  #count(depth: number): void {
    if (depth > this.limits.maxDepth) throw new WriteLimit(limitText.depth(this.limits));
    if (++this.#objects > this.limits.maxValues) throw new WriteLimit(limitText.values(this.limits));
  }
}

/**
 * Whether an object can go on the wire as it is, where its shape asks for no writing: it and those in it are plain, or of
 * the very classes that are declared, and none says by `toJSON` that it is something else.
 */
export function isWrittenAsItIs(object: Entries, shape: ClassShape, depth = 1): boolean {
  const proto: unknown = Object.getPrototypeOf(object);
  if (proto !== Object.prototype && proto !== shape.type.prototype && proto !== null) return false;
  if (typeof object['toJSON'] === 'function' || depth > MAX_LOOK) return false;
  for (const { property, values } of shape.read) {
    if (values?.item?.kind !== 'class') continue;
    const value = object[property];
    if (typeof value !== 'object' || value === null) continue;
    const nested = values.item.shape;
    const isRight = (each: unknown): boolean => !isObject(each) || isWrittenAsItIs(each, nested, depth + 1);
    if (Array.isArray(value) ? !value.every(isRight) : !isRight(value)) return false;
  }
  return true;
}

/** Deeper objects are written anew, which counts them. */
const MAX_LOOK = 16;

function scalarToJson(value: object, type: string): unknown {
  if (type === 'Date' && value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (type === 'Buffer' && value instanceof Uint8Array) return Buffer.from(value).toJSON();
  return value;
}

function tagOf(value: object, tags: ReadonlyMap<unknown, string>): string | undefined {
  for (let proto: object | null = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const tag = tags.get(proto.constructor);
    if (tag !== undefined) return tag;
  }
  return undefined;
}

/** What JSON makes of an object: what its `toJSON` gives. */
export function jsonOf(object: Entries): unknown {
  const { toJSON } = object;
  return typeof toJSON === 'function' ? (toJSON.call(object, '') as unknown) : object;
}

function mapped(entries: readonly (readonly [unknown, unknown])[], write: (each: unknown) => unknown): object {
  return Object.fromEntries(entries.map(([key, each]) => [key as string, write(each)]));
}

function hasTextKeys(map: ReadonlyMap<unknown, unknown>): boolean {
  return [...map.keys()].every((key) => typeof key === 'string');
}

function isSet({ collection }: ValueShape): boolean {
  return collection !== undefined && (collection === Set || collection.prototype instanceof Set);
}

/** What has no keys to look at. */
function isBuiltIn(value: object): boolean {
  return value instanceof Date || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value);
}

/** `__proto__` would set the prototype, where an own key is meant. */
function put(to: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') to[key] = value;
  else Object.defineProperty(to, key, { value, enumerable: true, configurable: true, writable: true });
}

function isObject(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

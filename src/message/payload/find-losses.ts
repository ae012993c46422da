import { type JsonLimits, limitText } from '../json-budget';
import type { ClassShape, Discriminator, ItemType, PropertyShape, ShapeCompiler, ValueShape } from './class-shape';
import { NO_SHAPE } from './class-shape';
import { lossOfKind, lossOfObject, lossOfPrimitive } from './json-loss';
import { shapeByTag } from './make-instance';
import { below, childPath, type Place, pathOf, ROOT } from './payload-path';
import type { ProblemList } from './problem-list';

type Entries = Readonly<Record<string, unknown>>;

/** Unknown keys that are named; past them they are only counted. */
const MAX_NAMED = 10;

/** Thrown through the walk with the limit that is reached. */
class LimitReached extends Error {}

/**
 * Finds what a sender's value has that would not arrive as it is: keys that its class does not know, and values that are
 * not JSON. Stops at the first limit: a circular reference is followed for ever otherwise.
 */
export class LossFinder {
  /** Values found that an instance is made of. */
  known = 0;
  #unknown = 0;
  #keys = 0;
  #values = 0;

  constructor(
    private readonly problems: ProblemList,
    private readonly limits: JsonLimits,
    /** Whether instances of a class in free-form data say by their decorators how they are written. */
    private readonly compiler?: ShapeCompiler,
  ) {}

  /** @returns the limit that the value breaks, or `undefined`. */
  find(value: Entries, shape: ClassShape): string | undefined {
    return this.#within(() => this.#inObject(value, shape, undefined, ROOT));
  }

  /** The same of a value of which no class says anything. */
  findInFreeForm(value: unknown): string | undefined {
    return this.#within(() => this.#inFreeForm(value, ROOT));
  }

  #within(find: () => void): string | undefined {
    try {
      find();
    } catch (thrown) {
      if (thrown instanceof LimitReached) return thrown.message;
      throw thrown;
    }
    return undefined;
  }

  #inObject(value: Entries, shape: ClassShape, tag: string | undefined, place: Place): void {
    if (this.#unknown > MAX_NAMED) return;
    this.#enter(place);
    const loss = Object.getPrototypeOf(value) === Object.prototype ? undefined : lossOfKind(value);
    if (loss !== undefined) {
      this.#add(place, loss);
      return;
    }
    const keys = Object.keys(value);
    for (const key of keys) {
      const property = shape.names.get(key);
      const item = value[key];
      if (property !== undefined) this.#inProperty(item, property, value, place, key);
      else if (key !== tag && !isLeftOut(item)) this.#addUnknown(key, shape, place, keys.length);
      // Where there are too many to name, there may be too many to look at.
      if (this.#unknown > MAX_NAMED) return;
    }
  }

  #inProperty(value: unknown, property: PropertyShape, object: Entries, place: Place, key: string): void {
    if (++this.#keys > this.limits.maxKeys) throw new LimitReached(limitText.keys(this.limits));
    const { values } = property;
    if (property.isRead && value !== undefined) this.known++;
    if (typeof value !== 'object' || value === null) this.#inPrimitive(value, place, key);
    else if (values === undefined || values.item?.kind === 'scalar') this.#inFreeForm(value, below(place, key));
    else this.#inTyped(value, values, this.#chosen(values.item, property, object), below(place, key));
  }

  #inTyped(value: unknown, values: ValueShape, item: ItemType | undefined, place: Place): void {
    if (Array.isArray(value)) {
      this.#enter(place);
      for (let i = 0; i < value.length; i++) this.#inItem(value[i], values, item, place, i);
    } else if (isRecord(value) && values.isMap) {
      this.#enter(place);
      for (const key of Object.keys(value)) this.#inItem(value[key], { ...values, isMap: false }, item, place, key);
    } else if (isRecord(value)) this.#inNested(value, values, item, place);
    else this.#inFreeForm(value, place);
  }

  #inItem(value: unknown, values: ValueShape, item: ItemType | undefined, parent: Place, key: string | number): void {
    if (typeof value === 'object' && value !== null) this.#inTyped(value, values, item, below(parent, key));
    else this.#inPrimitive(value, parent, key);
  }

  #inNested(value: Entries, { discriminator }: ValueShape, item: ItemType | undefined, place: Place): void {
    const shape = shapeOf(value, discriminator, item);
    if (shape === undefined) this.#inFreeForm(value, place);
    else this.#inObject(value, shape, discriminator?.property, place);
  }

  #inFreeForm(value: unknown, place: Place): void {
    if (typeof value !== 'object' || value === null) {
      const loss = lossOfPrimitive(value);
      if (loss !== undefined) this.#add(place, loss);
      return;
    }
    this.#enter(place);
    const loss = lossOfObject(value) ?? this.#lossByDecorators(value);
    if (loss !== undefined) this.#add(place, loss);
    else if (Array.isArray(value)) this.#inFreeItems(value, place);
    else this.#inFreeKeys(value, place);
  }

  #inFreeKeys(value: object, place: Place): void {
    for (const key of Object.keys(value)) this.#inFreeKey((value as Entries)[key], place, key);
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.length > 0 && symbols.some((symbol) => isEnumerable(value, symbol))) this.#add(place, SYMBOL_KEY);
  }

  #inFreeItems(items: readonly unknown[], place: Place): void {
    this.#values += items.length;
    if (this.#values > this.limits.maxValues) throw new LimitReached(limitText.values(this.limits));
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item === 'object' && item !== null) this.#inFreeForm(item, below(place, i));
      else this.#inPrimitive(item, place, i);
    }
  }

  #inFreeKey(value: unknown, place: Place, key: string): void {
    if (++this.#keys > this.limits.maxKeys) throw new LimitReached(limitText.keys(this.limits));
    if (key === '__proto__' || (key === 'constructor' && hasOwnPrototype(value))) {
      this.#add(below(place, key), PROTOTYPE_KEY);
    } else if (typeof value === 'object' && value !== null) this.#inFreeForm(value, below(place, key));
    else if (value !== undefined) this.#inPrimitive(value, place, key);
  }

  /** @param key - of an array when it is a number: there `undefined` and holes become `null`. */
  #inPrimitive(value: unknown, place: Place, key: string | number): void {
    if (typeof value === 'string' || typeof value === 'boolean') return;
    const loss = value === undefined && typeof key === 'number' ? UNDEFINED_ITEM : lossOfPrimitive(value);
    if (loss !== undefined) this.#add(below(place, key), loss);
  }

  #lossByDecorators(value: object): string | undefined {
    if (this.compiler === undefined || Array.isArray(value)) return undefined;
    const proto: unknown = Object.getPrototypeOf(value);
    if (proto === Object.prototype) return undefined;
    const type: unknown = value.constructor;
    if (typeof type !== 'function' || type.prototype !== proto) return undefined;
    if (!this.compiler.shapeOf(type as never).isDecorated) return undefined;
    return `an instance of ${type.name} cannot be sent in free-form data, where the decorators of its class have no effect; declare the property with @Type(() => ${type.name}), or give a plain object`;
  }

  #chosen(item: ItemType | undefined, { property }: PropertyShape, object: Entries): ItemType | undefined {
    if (item?.kind !== 'chosen' || this.compiler === undefined) return item;
    return this.compiler.chosenItem(
      item.choose({ newObject: {}, object: object as Record<string, unknown>, property }),
    );
  }

  #enter({ depth }: Place): void {
    if (depth > this.limits.maxDepth) throw new LimitReached(limitText.depth(this.limits));
    if (++this.#values > this.limits.maxValues) throw new LimitReached(limitText.values(this.limits));
  }

  #add(place: Place, message: string): void {
    this.problems.addLoss(pathOf(place), 'type', message);
  }

  #addUnknown(key: string, { className, names }: ClassShape, place: Place, size: number): void {
    this.#unknown++;
    const path = pathOf(place);
    if (this.#unknown <= MAX_NAMED) {
      const message = `is unknown to ${className}: leave it out, or decorate it there`;
      this.problems.add(childPath(path, key), 'unknownKey', message);
    } else {
      this.problems.add(path, 'unknownKey', `has ${size} keys, and ${className} knows ${names.size}`);
    }
  }
}

const UNDEFINED_ITEM = 'undefined in an array cannot be sent, it would arrive as null; leave it out, or give null';
const SYMBOL_KEY = 'a symbol as a key cannot be sent; give a text';
const PROTOTYPE_KEY =
  'a key that reaches for a prototype cannot be sent, it is dropped on arrival; give it another name';

/** What JSON does not write at all. */
function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

/** Objects with keys to look at; the others become something else, or nothing, in JSON. */
function isRecord(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBuiltIn(value);
}

function isBuiltIn(value: object): boolean {
  return value instanceof Date || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value);
}

function shapeOf(
  value: Entries,
  discriminator: Discriminator | undefined,
  item: ItemType | undefined,
): ClassShape | undefined {
  const declared = item?.kind === 'class' ? item.shape : undefined;
  return discriminator === undefined ? declared : (shapeByTag(value, discriminator) ?? declared ?? NO_SHAPE);
}

function isEnumerable(value: object, key: symbol): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, key);
}

function hasOwnPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

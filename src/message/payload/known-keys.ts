import type { ClassShape, NestedShape } from './class-shape';
import { childPath, ROOT_PATH } from './payload-path';
import type { ProblemList } from './problem-list';

type Entries = Readonly<Record<string, unknown>>;

/** Unknown keys that are named; past them they are only counted. */
const MAX_NAMED = 10;

/** How the objects of a payload are made while their known keys are copied. */
export interface Copying {
  /** The empty object for a nested class. */
  readonly part: (shape: ClassShape) => object;
  /** The value of a key of which the class says nothing. */
  readonly freeForm: (value: unknown) => unknown;
}

/** Copies what a class knows of an object, nested objects too. Takes as long as the class has keys, not the object. */
export function copyKnownKeys<T extends object>(from: Entries, shape: ClassShape, to: T, copying: Copying): T {
  for (const { name, target, nested } of shape.keys) {
    if (!Object.hasOwn(from, name)) continue;
    const value = from[name];
    // As in JSON: a key without a value is no key, and the class's default stays.
    if (value === undefined) continue;
    const copy = nested === undefined ? copying.freeForm(value) : knownPart(value, nested, copying);
    (to as Record<string, unknown>)[target] = copy;
  }
  return to;
}

function knownPart(value: unknown, nested: NestedShape, copying: Copying): unknown {
  if (Array.isArray(value)) return value.map((item) => knownPart(item, nested, copying));
  if (!isRecord(value)) return value;
  if (nested.isMap) return knownItems(value, itemOf(nested), copying);
  const shape = shapeFor(value, nested);
  const part = copyKnownKeys(value, shape, copying.part(shape), copying);
  const tag = nested.discriminator?.property;
  return tag !== undefined && Object.hasOwn(value, tag) ? { ...part, [tag]: value[tag] } : part;
}

function knownItems(map: Entries, item: NestedShape, copying: Copying): unknown {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, knownPart(value, item, copying)]));
}

/** Finds what a sender's value has that would not arrive: keys that its class does not know, values that JSON leaves out. */
export class LossFinder {
  #unknown = 0;

  constructor(private readonly problems: ProblemList) {}

  find(value: Entries, shape: ClassShape): void {
    this.#inObject(value, shape, undefined, ROOT_PATH);
  }

  #inObject(value: Entries, shape: ClassShape, tag: string | undefined, path: string): void {
    if (this.#unknown > MAX_NAMED) return;
    const keys = Object.keys(value);
    for (const key of keys) {
      if (shape.names.has(key) || key === tag || isLeftOut(value[key])) continue;
      this.#addUnknown(key, shape, path, keys.length);
      // Where there are too many to name, there may be too many to look at.
      if (this.#unknown > MAX_NAMED) return;
    }
    for (const { name, nested } of shape.keys) {
      if (Object.hasOwn(value, name)) this.#inValue(value[name], nested, path, name);
    }
  }

  #inValue(value: unknown, nested: NestedShape | undefined, parent: string, key: string | number): void {
    if (typeof value === 'function' || typeof value === 'symbol') {
      this.problems.add(childPath(parent, key), 'type', `a ${typeof value} cannot be sent`);
    } else if (value instanceof Map || value instanceof Set) {
      this.problems.add(childPath(parent, key), 'type', 'a Map or Set cannot be sent; give a plain object or an array');
    } else if (nested !== undefined) this.#inNested(value, nested, childPath(parent, key));
  }

  #inNested(value: unknown, nested: NestedShape, path: string): void {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) this.#inValue(value[i], nested, path, i);
    } else if (isRecord(value)) {
      if (!nested.isMap) this.#inObject(value, shapeFor(value, nested), nested.discriminator?.property, path);
      else for (const key of Object.keys(value)) this.#inValue(value[key], itemOf(nested), path, key);
    }
  }

  #addUnknown(key: string, { className, names }: ClassShape, path: string, size: number): void {
    this.#unknown++;
    if (this.#unknown <= MAX_NAMED) {
      const message = `is unknown to ${className}: leave it out, or decorate it there`;
      this.problems.add(childPath(path, key), 'unknownKey', message);
    } else {
      this.problems.add(path, 'unknownKey', `has ${size} keys, and ${className} knows ${names.size}`);
    }
  }
}

/** What JSON does not write at all. */
function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

/** Objects with keys to look at; the others become something else, or nothing, in JSON. */
function isRecord(value: unknown): value is Entries {
  if (typeof value !== 'object' || value === null) return false;
  return !(Array.isArray(value) || value instanceof Date || value instanceof Map || value instanceof Set);
}

function shapeFor(value: Entries, { discriminator, shape }: NestedShape): ClassShape {
  return discriminator?.shapes.get(value[discriminator.property]) ?? shape;
}

function itemOf(nested: NestedShape): NestedShape {
  return { ...nested, isMap: false };
}

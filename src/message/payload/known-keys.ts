import type { ClassShape, NestedShape } from './class-shape';
import { childPath, ROOT_PATH } from './payload-path';
import type { ProblemList } from './problem-list';

type Entries = Record<string, unknown>;

/** Unknown keys that are named; past them they are only counted. */
const MAX_NAMED = 10;

/** Copies what a class knows of an object, nested objects too. Takes as long as the class has keys, not the object. */
export function copyKnownKeys(from: Readonly<Entries>, shape: ClassShape, to: Entries): void {
  for (const { name, nested } of shape.keys) {
    if (!Object.hasOwn(from, name)) continue;
    const value = from[name];
    // As in JSON: a key without a value is no key, and the class's default stays.
    if (value !== undefined) to[name] = nested === undefined ? value : knownPart(value, nested);
  }
}

function knownPart(value: unknown, nested: NestedShape): unknown {
  if (Array.isArray(value)) return value.map((item) => knownPart(item, nested));
  if (!isRecord(value)) return value;
  if (nested.isMap)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, knownPart(item, itemOf(nested))]));
  const part: Entries = {};
  const { discriminator } = nested;
  if (discriminator !== undefined && Object.hasOwn(value, discriminator.property)) {
    part[discriminator.property] = value[discriminator.property];
  }
  copyKnownKeys(value, shapeFor(value, nested), part);
  return part;
}

/** Finds what a sender's value has that would not arrive: keys that its class does not know, values that JSON leaves out. */
export class LossFinder {
  #named = 0;
  #unnamed = 0;

  constructor(private readonly problems: ProblemList) {}

  find(value: Readonly<Entries>, shape: ClassShape): void {
    this.#inObject(value, shape, undefined, ROOT_PATH);
    if (this.#unnamed > 0) this.problems.add(ROOT_PATH, 'unknownKey', `and ${this.#unnamed} more unknown keys`);
  }

  #inObject(value: Readonly<Entries>, shape: ClassShape, tag: string | undefined, path: string): void {
    for (const key of Object.keys(value)) {
      if (!shape.names.has(key) && key !== tag && !isLeftOut(value[key])) this.#addUnknown(key, shape, path);
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

  #addUnknown(key: string, { className }: ClassShape, path: string): void {
    if (this.#named++ >= MAX_NAMED) this.#unnamed++;
    else
      this.problems.add(
        childPath(path, key),
        'unknownKey',
        `is unknown to ${className}: leave it out, or decorate it there`,
      );
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

function shapeFor(value: Readonly<Entries>, { discriminator, shape }: NestedShape): ClassShape {
  return discriminator?.shapes.get(value[discriminator.property]) ?? shape;
}

function itemOf(nested: NestedShape): NestedShape {
  return { ...nested, isMap: false };
}

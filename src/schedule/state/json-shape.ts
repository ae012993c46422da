import { MAX_INSTANT } from '../../time/instant';

/** Thrown while a message of the queue of schedules is read: anybody may have written it. */
class ShapeError extends Error {}

export type Json = Readonly<Record<string, unknown>>;

/** A value, or why there is none. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** What a reader makes of a JSON text, or `undefined` where it is not of the shape that the reader wants. */
export function readJson<T>(body: Buffer, read: (value: unknown) => T): T | undefined {
  try {
    return read(JSON.parse(body.toString('utf8')));
  } catch (error) {
    // Only what is wrong with the text: a mistake of ours must not pass for it.
    if (error instanceof ShapeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Reads one part for itself, so that what is wrong with it does not take the whole away. */
export function readPart<T>(value: unknown, read: (value: unknown) => T): Read<T> {
  try {
    return { ok: true, value: read(value) };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, problem: error.message };
    throw error;
  }
}

/** @param what - what is wrong, for people. */
export function wrongShape(what: string): never {
  throw new ShapeError(what);
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : wrongShape('an object is missing');
}

export function list<T>(value: unknown, read: (item: unknown) => T): readonly T[] {
  return Array.isArray(value) ? value.map(read) : wrongShape('a list is missing');
}

/** The items of a list that can be read; the others are left out. */
export function readable<T>(value: unknown, read: (item: unknown) => T): readonly T[] {
  return list(value, (item) => readPart(item, read)).flatMap((part) => (part.ok ? [part.value] : []));
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : wrongShape('a text is missing');
}

/** A text that is copied into properties and states: what is longer was not written by Warren. */
export function shortText(value: unknown, maxBytes = 255): string {
  const given = text(value);
  return Buffer.byteLength(given) <= maxBytes ? given : wrongShape(`a text has more than ${maxBytes} bytes`);
}

export function flag(value: unknown): boolean {
  return typeof value === 'boolean' ? value : wrongShape('true or false is missing');
}

/** A whole number: an instant, a duration or a count. Earlier versions of Warren stored fractions. */
export function whole(value: unknown): number {
  if (typeof value !== 'number' || !(Math.abs(value) <= MAX_INSTANT))
    return wrongShape('a number is missing, or too large');
  return Math.round(value);
}

export function oneOf<T extends string>(value: unknown, values: readonly T[]): T {
  return values.find((each) => each === value) ?? wrongShape(`one of ${values.join(', ')} is missing`);
}

/** `undefined` where JSON has nothing. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

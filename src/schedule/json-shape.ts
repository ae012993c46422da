import { MAX_INSTANT } from '../task/schedule';

/** Thrown while a message of the queue of schedules is read: anybody may have written it. */
class ShapeError extends Error {}

export type Json = Readonly<Record<string, unknown>>;

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

export function wrongShape(what: string): never {
  throw new ShapeError(what);
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : wrongShape('object');
}

export function list<T>(value: unknown, read: (item: unknown) => T): readonly T[] {
  return Array.isArray(value) ? value.map(read) : wrongShape('list');
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : wrongShape('text');
}

export function flag(value: unknown): boolean {
  return typeof value === 'boolean' ? value : wrongShape('flag');
}

/** A whole number: an instant, a duration or a count. */
export function whole(value: unknown): number {
  return Number.isInteger(value) && Math.abs(value as number) <= MAX_INSTANT ? (value as number) : wrongShape('whole');
}

export function oneOf<T extends string>(value: unknown, values: readonly T[]): T {
  return values.find((each) => each === value) ?? wrongShape('one of');
}

/** `undefined` where JSON has nothing. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

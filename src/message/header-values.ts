/**
 * A header's value of an AMQP type that its plain value does not show: `{ '!': 'short', value: 7 }`, since a plain `7` is
 * sent as a byte. amqplib encodes such an object by its tag.
 */
export interface TypedValue {
  readonly '!': string;
  readonly value: unknown;
}

/** AMQP's numbers, by amqplib's names. */
export type NumberKind = 'byte' | 'uint8' | 'short' | 'uint16' | 'int' | 'uint32' | 'long' | 'float' | 'double';

/** Tables and arrays in each other, at most. Warren and amqplib read them by recursion; deeper ones would fill the stack. */
export const MAX_HEADER_DEPTH = 64;

/**
 * The tag of a table that has a field named `!`: amqplib would read that table as an instruction. Its encoder does not
 * know this tag, so such a table can be read and never sent.
 */
const TABLE_WITH_TAG = 'table';

/** The type that amqplib chooses for a plain number. */
function guessedKind(value: number): NumberKind {
  if (value >= 2 ** 63 || (Math.abs(value) < 2 ** 50 && Math.floor(value) !== value)) return 'double';
  if (value >= -(2 ** 7) && value < 2 ** 7) return 'byte';
  if (value >= -(2 ** 15) && value < 2 ** 15) return 'short';
  return value >= -(2 ** 31) && value < 2 ** 31 ? 'int' : 'long';
}

/**
 * A number as it came: plain where amqplib would send it with the same type again, else with its type.
 *
 * @see docs/decisions/015-headers-of-other-clients.md
 */
export function typedNumber(kind: NumberKind, value: number): number | TypedValue {
  return guessedKind(value) === kind ? value : tagged(kind, value);
}

/** An integer of 64 bits as it came: as decimal text where a JavaScript number does not hold it exactly. */
export function typedLong(value: bigint): number | TypedValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? typedNumber('long', number) : tagged('long', String(value));
}

/** An unsigned integer of 64 bits. amqplib has no type for the larger half of them: those can be read and never sent. */
export const typedUnsignedLong = (value: bigint): number | TypedValue =>
  value < 2n ** 63n ? typedLong(value) : tagged('uint64', String(value));

/** A time of 64 bits, in seconds. */
export function typedTimestamp(value: bigint): TypedValue {
  const number = Number(value);
  return tagged('timestamp', Number.isSafeInteger(number) ? number : String(value));
}

export const typedDecimal = (places: number, digits: number): TypedValue => tagged('decimal', { places, digits });

/** A table, as it came; one with a field named `!` is told from a typed value. */
export const typedTable = (
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | TypedValue =>
  Object.hasOwn(fields, '!') ? tagged(TABLE_WITH_TAG, fields) : fields;

const tagged = (kind: string, value: unknown): TypedValue => ({ '!': kind, value });

const isTyped = (value: object): value is TypedValue => Object.hasOwn(value, '!');

/** Types whose values a handler gets as plain numbers. */
const NUMBER_KINDS: ReadonlySet<unknown> = new Set<NumberKind>([
  'byte',
  'uint8',
  'short',
  'uint16',
  'int',
  'uint32',
  'long',
  'float',
  'double',
]);

/**
 * A header's value for whoever reads it: numbers are plain numbers, whatever their type. Times, decimals and integers beyond
 * 2^53 keep their tag.
 */
export function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(plainValue);
  if (isTyped(value)) {
    if (value['!'] === TABLE_WITH_TAG) return plainTable(value.value as Record<string, unknown>);
    return NUMBER_KINDS.has(value['!']) && typeof value.value === 'number' ? value.value : value;
  }
  return plainTable(value as Record<string, unknown>);
}

function plainTable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  // Copied along by `Object.assign`, such a field would become somebody's prototype.
  for (const name of Object.keys(fields)) if (name !== '__proto__') plain[name] = plainValue(fields[name]);
  return plain;
}

const whole =
  (min: number, max: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/** 64 bits: as a number, or, where no number is exact, as decimal text or a bigint. */
const wholeOrText =
  (min: bigint, max: bigint) =>
  (value: unknown): boolean => {
    const isText = typeof value === 'string' && /^-?\d{1,20}$/.test(value) && !Number.isSafeInteger(Number(value));
    if (!isText && typeof value !== 'bigint' && !Number.isInteger(value)) return false;
    const exact = BigInt(value as string | number | bigint);
    return exact >= min && exact <= max;
  };

const isUint8 = whole(0, 2 ** 8 - 1);
const isUint32 = whole(0, 2 ** 32 - 1);

function isDecimal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { places, digits } = value as Record<string, unknown>;
  return isUint8(places) && isUint32(digits);
}

/** RabbitMQ closes the whole connection over a number that is infinite, as a large one becomes in 32 bits. */
const isFloat = (value: unknown): boolean => Number.isFinite(value) && Number.isFinite(Math.fround(value as number));

/** AMQP types that amqplib encodes from a tagged object, and the values that it can encode: beyond them it throws. */
const TAGGED_TYPES: ReadonlyMap<unknown, (value: unknown) => boolean> = new Map([
  ['timestamp', wholeOrText(0n, 2n ** 64n - 1n)],
  ['long', wholeOrText(-(2n ** 63n), 2n ** 63n - 1n)],
  ['int', whole(-(2 ** 31), 2 ** 31 - 1)],
  ['uint32', isUint32],
  ['short', whole(-(2 ** 15), 2 ** 15 - 1)],
  ['uint16', whole(0, 2 ** 16 - 1)],
  ['byte', whole(-(2 ** 7), 2 ** 7 - 1)],
  ['uint8', isUint8],
  ['float', isFloat],
  ['double', Number.isFinite],
  ['decimal', isDecimal],
]);

/** Whether amqplib can encode a value as this type, and RabbitMQ takes it. */
export const isEncodable = (kind: unknown, value: unknown): boolean => TAGGED_TYPES.get(kind)?.(value) === true;

/** The most bytes of a name: AMQP's short string. */
export const MAX_NAME_BYTES = 255;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a text is sent as it is: UTF-8 has no lone surrogates, and they would arrive as U+FFFD. */
export const isWellFormed = (text: string): boolean => !LONE_SURROGATE.test(text);

/**
 * Whether a name is the same after another trip. A name that came in bytes other than UTF-8 has U+FFFD in their place,
 * and could collide with another one.
 */
export const isSendableName = (name: string): boolean =>
  name !== '' &&
  name !== '__proto__' &&
  Buffer.byteLength(name) <= MAX_NAME_BYTES &&
  !name.includes('\ufffd') &&
  isWellFormed(name);

/** A value that every client can encode again, and whether anything of it is missing. */
export interface SendableValue {
  readonly value: unknown;
  readonly isWhole: boolean;
}

/** Nothing of it can be sent. */
export const NOTHING: SendableValue = Object.freeze({ value: undefined, isWhole: false });

/** What of a header's value can be encoded; a value of `undefined`: nothing. */
export function sendableValue(given: unknown): SendableValue {
  let isWhole = true;
  const lost = (): undefined => {
    isWhole = false;
    return undefined;
  };
  const value = sendable(given, 0, lost);
  return { value, isWhole };
}

type Lost = () => undefined;

function sendable(value: unknown, depth: number, lost: Lost): unknown {
  switch (typeof value) {
    case 'string':
      return isWellFormed(value) ? value : lost();
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? sendableNumber(value) : lost();
    case 'object':
      return value === null || Buffer.isBuffer(value) ? value : sendableCompound(value, depth, lost);
    default:
      return lost();
  }
}

/** amqplib takes these for 64-bit integers, and throws since they are none; named as doubles, they can be encoded. */
function sendableNumber(value: number): unknown {
  const mistaken = value < -(2 ** 63) || (Math.abs(value) >= 2 ** 50 && !Number.isInteger(value));
  return mistaken ? tagged('double', value) : value;
}

function sendableCompound(value: object, depth: number, lost: Lost): unknown {
  if (value instanceof Date) return sendableTyped(tagged('timestamp', Math.floor(value.getTime() / 1000)), lost);
  if (isTyped(value)) return sendableTyped(value, lost);
  if (depth >= MAX_HEADER_DEPTH) return lost();
  // Its place cannot stay empty: those behind it would move.
  if (Array.isArray(value)) return Array.from(value, (item) => sendable(item, depth + 1, lost) ?? null);
  const table: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[name];
    const item = isSendableName(name) ? sendable(field, depth + 1, lost) : lost();
    if (item !== undefined) table[name] = item;
  }
  return table;
}

/** amqplib reads `{ '!': type, value }` as an instruction; a forged one must not reach its encoder. */
function sendableTyped({ '!': kind, value }: TypedValue, lost: Lost): unknown {
  return isEncodable(kind, value) ? tagged(kind, typeof value === 'bigint' ? String(value) : value) : lost();
}

/** About how many bytes a value takes on the wire, and never less. */
export function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 9;
  if (Buffer.isBuffer(value)) return 5 + value.length;
  let bytes = 5;
  if (Array.isArray(value)) for (const item of value) bytes += valueBytes(item);
  else if (isTyped(value)) return 9;
  else for (const name of Object.keys(value)) bytes += fieldBytes(name, (value as Record<string, unknown>)[name]);
  return bytes;
}

export const fieldBytes = (name: string, value: unknown): number => 1 + Buffer.byteLength(name) + valueBytes(value);

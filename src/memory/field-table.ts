import {
  isEncodable,
  MAX_HEADER_DEPTH,
  type NumberKind,
  typedDecimal,
  typedLong,
  typedNumber,
  typedTable,
  typedTimestamp,
} from '../message/header-values';
import { isReservedHeader } from '../message/headers';
import type { MessageHeaders, UnreadableHeader } from '../message/wire';

/** A table or array of headers does not fit one frame: amqplib encodes it into a buffer of this many bytes. */
const MAX_TABLE_BYTES = 65_536;
const MAX_KEY_BYTES = 255;

/** amqplib's other names of AMQP's types. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['int8', 'byte'],
  ['unsignedbyte', 'uint8'],
  ['int16', 'short'],
  ['unsignedshort', 'uint16'],
  ['int32', 'int'],
  ['unsignedint', 'uint32'],
  ['int64', 'long'],
  ['float64', 'double'],
]);
const PLAIN_TYPES: ReadonlySet<string> = new Set(['string', 'boolean', 'number', 'object']);

/** What one walk through a table finds. */
interface Walk {
  /** The bytes that it may still take on the wire. */
  left: number;
  /** Tables and arrays in each other, so far. */
  deepest: number;
  /** Whether numbers keep their AMQP type. */
  isTyped: boolean;
}

export interface CopiedTable {
  readonly headers: Record<string, unknown>;
  /** `undefined` where nothing is nested too deep. */
  readonly unreadable: readonly UnreadableHeader[] | undefined;
}

/**
 * Copies headers as a broker would give them back: through AMQP's field table and out again, by Warren's own reader of such
 * tables. `undefined` is left out, class instances become plain tables, and a number of an unusual type keeps it.
 *
 * @throws TypeError for what AMQP has no type for, RangeError when the table is too large.
 */
export function copyHeaders(table: MessageHeaders): CopiedTable {
  const walk: Walk = { left: MAX_TABLE_BYTES, deepest: 0, isTyped: true };
  const headers: Record<string, unknown> = {};
  let unreadable: UnreadableHeader[] | undefined;
  spend(walk, 4);
  for (const name in table) {
    const given = table[name];
    if (given === undefined) continue;
    spendName(walk, name);
    walk.deepest = 0;
    walk.isTyped = !isReservedHeader(name);
    const value = copyValue(given, 0, walk);
    if (walk.deepest <= MAX_HEADER_DEPTH) setOwn(headers, name, value);
    else {
      unreadable ??= [];
      unreadable.push({ name, problem: `it is nested deeper than ${MAX_HEADER_DEPTH} tables` });
    }
  }
  return { headers, unreadable };
}

/** The same without what is nested too deep. */
export const copyTable = (table: MessageHeaders): Record<string, unknown> => copyHeaders(table).headers;

function copyFields(table: Readonly<Record<string, unknown>>, depth: number, walk: Walk): Record<string, unknown> {
  spend(walk, 4);
  const copy: Record<string, unknown> = {};
  for (const name in table) {
    const value = table[name];
    if (value === undefined) continue;
    spendName(walk, name);
    setOwn(copy, name, copyValue(value, depth, walk));
  }
  return copy;
}

/** A header may be named `__proto__`: assigned plainly, it would become the copy's prototype. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function copyValue(value: unknown, depth: number, walk: Walk): unknown {
  spend(walk, 1);
  switch (typeof value) {
    case 'string':
      spend(walk, 4 + Buffer.byteLength(value));
      return value;
    case 'boolean':
      spend(walk, 1);
      return value;
    case 'number':
      return copyNumber(value, walk);
    case 'object':
      return value === null ? null : copyObject(value, depth, walk);
    default:
      throw new TypeError(`AMQP has no type for a header of type ${typeof value}`);
  }
}

/** Whole numbers travel as 64-bit integers at most, so there is no -0; others as doubles. */
function copyNumber(value: number, walk: Walk): unknown {
  spend(walk, 8);
  // RabbitMQ closes the whole connection over an infinite double (541 INTERNAL_ERROR).
  if (value === Number.POSITIVE_INFINITY) throw new RangeError('a header cannot hold an infinite number');
  const isInteger = !(value >= 2 ** 63 || (Math.abs(value) < 2 ** 50 && Math.floor(value) !== value));
  if (!isInteger) return value;
  if (!(value >= -(2 ** 63)) || !Number.isInteger(value))
    throw new RangeError(`a header cannot hold the number ${value}`);
  if (walk.isTyped) return typedLongOrSmaller(value);
  return value === 0 ? 0 : value;
}

/** amqplib sends a plain integer in the smallest type that holds it. */
const typedLongOrSmaller = (value: number): unknown =>
  Number.isSafeInteger(value) ? (value === 0 ? 0 : value) : typedLong(BigInt(value));

function copyObject(value: object, depth: number, walk: Walk): unknown {
  if (Buffer.isBuffer(value)) {
    spend(walk, 4 + value.length);
    return Buffer.from(value);
  }
  const table = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(table, '!')) return copyTyped(table, depth, walk);
  walk.deepest = Math.max(walk.deepest, depth + 1);
  if (!Array.isArray(value)) return typedTable(copyFields(table, depth + 1, walk));
  spend(walk, 4);
  return value.map((item) => copyValue(item, depth + 1, walk));
}

function copyTyped(table: Readonly<Record<string, unknown>>, depth: number, walk: Walk): unknown {
  const { value } = table;
  const tag = String(table['!']);
  const kind = ALIASES.get(tag) ?? tag;
  if (PLAIN_TYPES.has(kind)) return copyValue(value, depth, walk);
  spend(walk, 8);
  if (!isEncodable(kind, value)) throw new TypeError(`AMQP cannot hold this value as a header of type ${kind}`);
  switch (kind) {
    case 'timestamp':
      return typedTimestamp(BigInt(value as number | string | bigint));
    case 'decimal': {
      const { places, digits } = value as { readonly places: number; readonly digits: number };
      return typedDecimal(places, digits);
    }
    case 'long': {
      const exact = BigInt(value as number | string | bigint);
      return walk.isTyped ? typedLong(exact) : Number(exact);
    }
    default: {
      const number = kind === 'float' ? Math.fround(value as number) : (value as number);
      return walk.isTyped ? typedNumber(kind as NumberKind, number) : number;
    }
  }
}

function spendName(walk: Walk, name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_KEY_BYTES) throw new RangeError(`a header's name has ${bytes} bytes, AMQP allows ${MAX_KEY_BYTES}`);
  spend(walk, 1 + bytes);
}

function spend(walk: Walk, bytes: number): void {
  walk.left -= bytes;
  if (walk.left < 0) throw new RangeError(`the headers take more than ${MAX_TABLE_BYTES} bytes`);
}

import { isUtf8 } from 'node:buffer';
import {
  MAX_HEADER_DEPTH,
  typedDecimal,
  typedLong,
  typedNumber,
  typedTable,
  typedTimestamp,
  typedUnsignedLong,
} from '../../message/header-values';
import { isReservedHeader } from '../../message/headers';
import type { MessageHeaders, UnreadableHeader } from '../../message/wire';

export interface ReadTable {
  readonly headers: MessageHeaders;
  /** `undefined` where all of it was read. */
  readonly unreadable: readonly UnreadableHeader[] | undefined;
}

/** The letters of AMQP's types, as RabbitMQ has them: https://www.rabbitmq.com/amqp-0-9-1-errata#section_3 */
const TAG = {
  boolean: 0x74,
  byte: 0x62,
  uint8: 0x42,
  short: 0x73,
  uint16: 0x75,
  int: 0x49,
  uint32: 0x69,
  long: 0x6c,
  unsignedLong: 0x4c,
  float: 0x66,
  double: 0x64,
  decimal: 0x44,
  timestamp: 0x54,
  text: 0x53,
  bytes: 0x78,
  array: 0x41,
  table: 0x46,
  nothing: 0x56,
} as const;

/** How many bytes a value takes behind its letter; types that are not here begin with their length. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [TAG.nothing, 0],
  [TAG.boolean, 1],
  [TAG.byte, 1],
  [TAG.uint8, 1],
  [TAG.short, 2],
  [TAG.uint16, 2],
  [TAG.int, 4],
  [TAG.uint32, 4],
  [TAG.float, 4],
  [TAG.decimal, 5],
  [TAG.long, 8],
  [TAG.unsignedLong, 8],
  [TAG.double, 8],
  [TAG.timestamp, 8],
]);
const WITH_LENGTH: ReadonlySet<number> = new Set([TAG.text, TAG.bytes, TAG.array, TAG.table]);

/** Why one value cannot be read. */
class Unreadable extends Error {}

/**
 * Reads the headers of a message. amqplib's decoder goes as deep as a table is nested, and one message can fill the stack
 * with that: amqplib then closes the connection, and everybody's unsettled deliveries count as failed. Here a header that
 * is nested too deep, or of a type that nobody knows, is skipped and named; the others are read. Never throws.
 *
 * Numbers keep their AMQP type, so that a copy has the same. Warren's and the broker's own headers are plain: no copy takes
 * them over as they are.
 *
 * @param bytes - the table without its length.
 */
export function readHeaders(bytes: Buffer): ReadTable {
  const headers: Record<string, unknown> = {};
  let unreadable: UnreadableHeader[] | undefined;
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + (bytes[at] as number);
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const end = valueEnd(bytes, nameEnd, bytes.length);
    try {
      if (end === undefined) throw new Unreadable('its type is unknown, so neither it nor what follows can be read');
      const reader = new ValueReader(bytes, nameEnd, end, !isReservedHeader(name));
      setOwn(headers, name, reader.value(0));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      unreadable ??= [];
      unreadable.push({ name, problem: error.message });
    }
    if (end === undefined) break;
    at = end;
  }
  return { headers, unreadable };
}

/** The offset behind a value, its letter included; `undefined` where the letter is unknown or the bytes end before. */
function valueEnd(bytes: Buffer, at: number, limit: number): number | undefined {
  if (at >= limit) return undefined;
  const tag = bytes[at] as number;
  const fixed = FIXED_BYTES.get(tag);
  if (fixed === undefined && (!WITH_LENGTH.has(tag) || at + 5 > limit)) return undefined;
  const end = fixed === undefined ? at + 5 + bytes.readUInt32BE(at + 1) : at + 1 + fixed;
  return end <= limit ? end : undefined;
}

/** A header may be named `__proto__`: assigned plainly, it would become the prototype. */
function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** Reads values one behind the other. */
class ValueReader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private limit: number,
    /** Whether numbers keep their type. */
    private readonly isTyped: boolean,
  ) {}

  value(depth: number): unknown {
    const { bytes } = this;
    const end = valueEnd(bytes, this.at, this.limit);
    if (end === undefined) throw new Unreadable('it holds a value of an unknown type');
    const tag = bytes[this.at] as number;
    const at = this.at + 1;
    if (tag === TAG.table || tag === TAG.array) return this.#compound(tag, end, depth);
    this.at = end;
    switch (tag) {
      case TAG.text:
        return this.#text(at + 4, end);
      case TAG.bytes:
        return bytes.subarray(at + 4, end);
      case TAG.boolean:
        return bytes[at] !== 0;
      case TAG.nothing:
        return null;
      case TAG.decimal:
        return typedDecimal(bytes[at] as number, bytes.readUInt32BE(at + 1));
      case TAG.timestamp:
        return typedTimestamp(bytes.readBigUInt64BE(at));
      case TAG.long:
        return this.#long(bytes.readBigInt64BE(at));
      case TAG.unsignedLong:
        return this.isTyped ? typedUnsignedLong(bytes.readBigUInt64BE(at)) : Number(bytes.readBigUInt64BE(at));
      default:
        return this.#number(tag, at);
    }
  }

  #compound(tag: number, end: number, depth: number): unknown {
    if (depth >= MAX_HEADER_DEPTH) throw new Unreadable(`it is nested deeper than ${MAX_HEADER_DEPTH} tables`);
    const { limit } = this;
    this.at += 5;
    this.limit = end;
    const value = tag === TAG.table ? this.#table(depth + 1) : this.#array(depth + 1);
    this.limit = limit;
    return value;
  }

  #table(depth: number): unknown {
    const fields: Record<string, unknown> = {};
    while (this.at < this.limit) {
      const nameEnd = this.at + 1 + (this.bytes[this.at] as number);
      if (nameEnd > this.limit) throw new Unreadable('its bytes make no sense');
      const name = this.bytes.toString('utf8', this.at + 1, nameEnd);
      this.at = nameEnd;
      setOwn(fields, name, this.value(depth));
    }
    return typedTable(fields);
  }

  #array(depth: number): unknown {
    const items: unknown[] = [];
    while (this.at < this.limit) items.push(this.value(depth));
    return items;
  }

  /** Some clients send bytes as a text. Decoded, they would be lost. */
  #text(start: number, end: number): string | Buffer {
    const text = this.bytes.toString('utf8', start, end);
    const isLossy = this.isTyped && text.includes('\ufffd') && !isUtf8(this.bytes.subarray(start, end));
    return isLossy ? this.bytes.subarray(start, end) : text;
  }

  #long(value: bigint): unknown {
    return this.isTyped ? typedLong(value) : Number(value);
  }

  #number(tag: number, at: number): unknown {
    const { bytes } = this;
    switch (tag) {
      case TAG.byte:
        return this.#typed('byte', bytes.readInt8(at));
      case TAG.uint8:
        return this.#typed('uint8', bytes.readUInt8(at));
      case TAG.short:
        return this.#typed('short', bytes.readInt16BE(at));
      case TAG.uint16:
        return this.#typed('uint16', bytes.readUInt16BE(at));
      case TAG.int:
        return this.#typed('int', bytes.readInt32BE(at));
      case TAG.uint32:
        return this.#typed('uint32', bytes.readUInt32BE(at));
      case TAG.float:
        return this.#typed('float', bytes.readFloatBE(at));
      default:
        return this.#typed('double', bytes.readDoubleBE(at));
    }
  }

  #typed(kind: Parameters<typeof typedNumber>[0], value: number): unknown {
    return this.isTyped ? typedNumber(kind, value) : value;
  }
}

import type { ConsumeMessage } from 'amqplib';
import {
  APP_ID,
  BASIC,
  BODY_FRAME,
  CONTENT_TYPE,
  DELIVERY_MODE,
  FRAME_END,
  FRAME_HEADER_BYTES,
  HEADER_FRAME,
  HEADERS,
  LONG_STRING,
  MESSAGE_ID,
  METHOD_FRAME,
  TIMESTAMP,
  TYPE,
} from '../basic-frames';
import { CachedText } from './cached-text';

/** The class `basic` and its method `deliver`, 60. */
const BASIC_DELIVER = BASIC * 2 ** 16 + 60;

const PLAIN = CONTENT_TYPE | HEADERS | DELIVERY_MODE | MESSAGE_ID | TIMESTAMP | TYPE | APP_ID;

const NO_BODY = Buffer.alloc(0);
const NO_HEADERS = Object.freeze({});
/** How many headers are read here: a trace has one or two. */
const MAX_HEADERS = 8;

/**
 * Reads deliveries out of the bytes of one connection: a method, a header and a body in a frame each, with the
 * properties of a task that was enqueued without options, and a few headers that are texts, such as a trace's. Everything
 * else is not for it, and leaves nothing behind here. Texts that are the same in message after message are made once.
 *
 * @see docs/decisions/010-deliveries-read-from-the-socket.md
 */
export class DeliveryReader {
  /** The offset behind the delivery that was read last, and its channel. */
  end = 0;
  channel = 0;
  readonly #consumerTag = new CachedText();
  readonly #exchange = new CachedText();
  readonly #routingKey = new CachedText();
  readonly #contentType = new CachedText();
  readonly #type = new CachedText();
  readonly #appId = new CachedText();
  /** Names of headers, by their place: they come in the same order in message after message. */
  readonly #names = Array.from({ length: MAX_HEADERS }, () => new CachedText());
  /** Where the next value is read, and where its frame's payload ends: beyond it, nothing counts. */
  #at = 0;
  #limit = 0;

  /** @returns `undefined` when no whole delivery of the plain kind begins at the offset. */
  read(bytes: Buffer, methodAt: number): ConsumeMessage | undefined {
    const headerAt = frameEnd(bytes, methodAt, METHOD_FRAME);
    if (headerAt < 0 || methodIn(bytes, methodAt, headerAt) !== BASIC_DELIVER) return undefined;
    const bodyAt = frameEnd(bytes, headerAt, HEADER_FRAME);
    if (bodyAt < 0) return undefined;
    const bodyBytes = bodySizeIn(bytes, headerAt, bodyAt);
    if (bodyBytes < 0) return undefined;
    const end = bodyBytes === 0 ? bodyAt : frameEnd(bytes, bodyAt, BODY_FRAME);
    // In one frame, or it takes amqplib's way.
    if (end < 0 || end - bodyAt !== frameBytes(bodyBytes)) return undefined;
    this.end = end;
    this.channel = bytes.readUInt16BE(methodAt + 1);
    if (bytes.readUInt16BE(headerAt + 1) !== this.channel) return undefined;
    if (bodyBytes > 0 && bytes.readUInt16BE(bodyAt + 1) !== this.channel) return undefined;
    const fields = this.#fields(bytes, methodAt + FRAME_HEADER_BYTES + 4, headerAt - 1);
    const properties = this.#properties(bytes, headerAt + FRAME_HEADER_BYTES + 12, bodyAt - 1);
    if (fields === undefined || properties === undefined) return undefined;
    return { fields, properties, content: bodyBytes === 0 ? NO_BODY : bytes.subarray(end - 1 - bodyBytes, end - 1) };
  }

  #fields(bytes: Buffer, at: number, limit: number): ConsumeMessage['fields'] | undefined {
    this.#at = at;
    this.#limit = limit;
    const consumerTag = this.#text(bytes, this.#consumerTag);
    const deliveryTag = this.#uint64(bytes);
    const redelivered = (this.#byte(bytes) & 1) === 1;
    const exchange = this.#text(bytes, this.#exchange);
    const routingKey = this.#text(bytes, this.#routingKey);
    return this.#at === limit ? { consumerTag, deliveryTag, redelivered, exchange, routingKey } : undefined;
  }

  /** In amqplib's order and names. */
  #properties(bytes: Buffer, at: number, limit: number): ConsumeMessage['properties'] | undefined {
    this.#at = at + 2;
    this.#limit = limit;
    const flags = bytes.readUInt16BE(at);
    if ((flags & ~PLAIN) !== 0) return undefined;
    const contentType = flags & CONTENT_TYPE ? this.#text(bytes, this.#contentType) : undefined;
    const headers = flags & HEADERS ? this.#table(bytes) : undefined;
    if (flags & HEADERS && headers === undefined) return undefined;
    const deliveryMode = flags & DELIVERY_MODE ? this.#byte(bytes) : undefined;
    const messageId = flags & MESSAGE_ID ? this.#text(bytes, undefined) : undefined;
    const timestamp = flags & TIMESTAMP ? this.#uint64(bytes) : undefined;
    const type = flags & TYPE ? this.#text(bytes, this.#type) : undefined;
    const appId = flags & APP_ID ? this.#text(bytes, this.#appId) : undefined;
    if (this.#at !== limit) return undefined;
    return {
      contentType,
      contentEncoding: undefined,
      headers,
      deliveryMode,
      priority: undefined,
      correlationId: undefined,
      replyTo: undefined,
      expiration: undefined,
      messageId,
      timestamp,
      type,
      userId: undefined,
      appId,
      clusterId: undefined,
    };
  }

  /** A table of a few texts; `undefined` for any other. */
  #table(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
    const length = this.#uint32(bytes);
    if (length === 0) return NO_HEADERS;
    const end = this.#at + length;
    if (end > this.#limit) return undefined;
    const headers: Record<string, unknown> = {};
    for (const cache of this.#names) {
      const name = this.#text(bytes, cache);
      // amqplib would set the prototype: its business.
      if (name === '__proto__') return undefined;
      if (this.#byte(bytes) !== LONG_STRING) return undefined;
      const text = this.#longText(bytes);
      // What is not UTF-8 is kept as bytes, elsewhere.
      if (text.includes('\ufffd')) return undefined;
      headers[name] = text;
      if (this.#at === end) return headers;
      if (this.#at > end) return undefined;
    }
    return undefined;
  }

  #longText(bytes: Buffer): string {
    const length = this.#uint32(bytes);
    const at = this.#take(length);
    return this.#at > this.#limit ? '' : bytes.toString('utf8', at, at + length);
  }

  /** Moves on, unless the frame has not as many bytes; then it is past the end for good. */
  #take(bytes: number): number {
    const at = this.#at;
    this.#at = at + bytes > this.#limit ? Number.POSITIVE_INFINITY : at + bytes;
    return at;
  }

  #byte(bytes: Buffer): number {
    const at = this.#take(1);
    return at < this.#limit ? (bytes[at] as number) : 0;
  }

  #uint32(bytes: Buffer): number {
    const at = this.#take(4);
    return this.#at <= this.#limit ? bytes.readUInt32BE(at) : 0;
  }

  /** As a number: exact up to 2^53. */
  #uint64(bytes: Buffer): number {
    return this.#uint32(bytes) * 2 ** 32 + this.#uint32(bytes);
  }

  /** A short string: its length in a byte, then UTF-8. */
  #text(bytes: Buffer, cache: CachedText | undefined): string {
    const length = this.#byte(bytes);
    const at = this.#take(length);
    if (length === 0 || this.#at > this.#limit) return '';
    return cache === undefined ? bytes.toString('utf8', at, at + length) : cache.read(bytes, at, at + length);
  }
}

/** The offset behind a frame of that type, or -1 where there is none, or not all of it yet. */
function frameEnd(bytes: Buffer, at: number, type: number): number {
  if (bytes.length - at <= FRAME_HEADER_BYTES || bytes[at] !== type) return -1;
  const end = at + FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 3) + 1;
  return end <= bytes.length && bytes[end - 1] === FRAME_END ? end : -1;
}

/** The class and the method of a method frame, or -1. */
function methodIn(bytes: Buffer, at: number, end: number): number {
  const payload = at + FRAME_HEADER_BYTES;
  return end - 1 - payload < 4 ? -1 : bytes.readUInt32BE(payload);
}

/** How many bytes a frame takes with such a payload; none for a body that is empty. */
const frameBytes = (payloadBytes: number): number => (payloadBytes === 0 ? 0 : FRAME_HEADER_BYTES + payloadBytes + 1);

/** The size of the body as a header frame has it, or -1 where that is no header of a message. */
function bodySizeIn(bytes: Buffer, at: number, end: number): number {
  const payload = at + FRAME_HEADER_BYTES;
  // Class, weight, size, flags.
  if (end - 1 - payload < 14 || bytes.readUInt16BE(payload) !== BASIC || bytes.readUInt32BE(payload + 4) !== 0)
    return -1;
  return bytes.readUInt32BE(payload + 8);
}

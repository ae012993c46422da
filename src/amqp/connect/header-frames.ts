import type { ChannelModel } from 'amqplib';
import type { MessageProperties } from '../../message/wire';
import {
  APP_ID,
  BASIC,
  CLUSTER_ID,
  CONTENT_ENCODING,
  CONTENT_TYPE,
  CORRELATION_ID,
  DELIVERY_MODE,
  EXPIRATION,
  FRAME_END,
  FRAME_HEADER_BYTES,
  HEADER_FRAME,
  HEADERS,
  MESSAGE_ID,
  PRIORITY,
  REPLY_TO,
  TIMESTAMP,
  TYPE,
  USER_ID,
} from '../basic-frames';
import { connectionInternals } from '../internals';
import { readHeaders } from './field-table';

/** A header frame as amqplib decodes it. */
interface HeaderFrame {
  readonly id: typeof BASIC;
  readonly channel: number;
  /** Of the body. */
  readonly size: number;
  readonly fields: MessageProperties & { readonly clusterId: string | undefined };
}

export interface ReadFrame {
  readonly frame: HeaderFrame;
  /** The offset behind it. */
  readonly end: number;
}

/**
 * Decodes the properties of messages in amqplib's place, on one connection, whichever way they come: as a delivery, an
 * answer to `basic.get`, or a return. See {@link readHeaders} for why.
 *
 * @returns whether it is on.
 *
 * @see docs/decisions/015-headers-of-other-clients.md
 */
export function readHeadersBounded(model: ChannelModel): boolean {
  const connection = connectionInternals(model);
  if (typeof connection.recvFrame !== 'function' || !Buffer.isBuffer(connection.rest)) return false;
  const recvFrame = connection.recvFrame;
  connection.recvFrame = () => {
    const { rest } = connection;
    const read = Buffer.isBuffer(rest) && rest[0] === HEADER_FRAME ? readHeaderFrame(rest) : undefined;
    if (read === undefined) return recvFrame.call(connection);
    connection.rest = (rest as Buffer).subarray(read.end);
    return read.frame;
  };
  return true;
}

/** The header frame that the bytes begin with; `undefined` where it is none of a message, or not whole, or makes no sense. */
export function readHeaderFrame(bytes: Buffer): ReadFrame | undefined {
  if (bytes.length <= FRAME_HEADER_BYTES + 14 || bytes[0] !== HEADER_FRAME) return undefined;
  const end = FRAME_HEADER_BYTES + bytes.readUInt32BE(3) + 1;
  if (end > bytes.length || bytes[end - 1] !== FRAME_END) return undefined;
  if (bytes.readUInt16BE(FRAME_HEADER_BYTES) !== BASIC) return undefined;
  const reader = new PropertyReader(bytes, FRAME_HEADER_BYTES + 12, end - 1);
  const fields = reader.read();
  if (fields === undefined) return undefined;
  const size = Number(bytes.readBigUInt64BE(FRAME_HEADER_BYTES + 4));
  return { frame: { id: BASIC, channel: bytes.readUInt16BE(1), size, fields }, end };
}

/** Reads the properties of one message: flags, then the values of those that are set. */
class PropertyReader {
  #isCutOff = false;

  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly limit: number,
  ) {}

  /** In amqplib's order and names. */
  read(): HeaderFrame['fields'] | undefined {
    const flags = this.bytes.readUInt16BE(this.at);
    this.at += 2;
    const contentType = flags & CONTENT_TYPE ? this.#text() : undefined;
    const contentEncoding = flags & CONTENT_ENCODING ? this.#text() : undefined;
    const table = flags & HEADERS ? this.#headers() : undefined;
    const deliveryMode = flags & DELIVERY_MODE ? this.#byte() : undefined;
    const priority = flags & PRIORITY ? this.#byte() : undefined;
    const correlationId = flags & CORRELATION_ID ? this.#text() : undefined;
    const replyTo = flags & REPLY_TO ? this.#text() : undefined;
    const expiration = flags & EXPIRATION ? this.#text() : undefined;
    const messageId = flags & MESSAGE_ID ? this.#text() : undefined;
    const timestamp = flags & TIMESTAMP ? this.#uint64() : undefined;
    const type = flags & TYPE ? this.#text() : undefined;
    const userId = flags & USER_ID ? this.#text() : undefined;
    const appId = flags & APP_ID ? this.#text() : undefined;
    const clusterId = flags & CLUSTER_ID ? this.#text() : undefined;
    if (this.#isCutOff) return undefined;
    const properties = {
      contentType,
      contentEncoding,
      headers: table?.headers,
      deliveryMode,
      priority,
      correlationId,
      replyTo,
      expiration,
      messageId,
      timestamp,
      type,
      userId,
      appId,
      clusterId,
    };
    return table?.unreadable === undefined ? properties : { ...properties, unreadable: table.unreadable };
  }

  #headers(): ReturnType<typeof readHeaders> {
    const at = this.#take(4);
    const length = this.#isCutOff ? 0 : this.bytes.readUInt32BE(at);
    const start = this.#take(length);
    return readHeaders(this.#isCutOff ? Buffer.alloc(0) : this.bytes.subarray(start, start + length));
  }

  #byte(): number {
    const at = this.#take(1);
    return this.#isCutOff ? 0 : (this.bytes[at] as number);
  }

  #uint64(): number {
    const at = this.#take(8);
    return this.#isCutOff ? 0 : Number(this.bytes.readBigUInt64BE(at));
  }

  /** A short string: its length in a byte, then UTF-8. */
  #text(): string {
    const length = this.#byte();
    const at = this.#take(length);
    return this.#isCutOff ? '' : this.bytes.toString('utf8', at, at + length);
  }

  #take(bytes: number): number {
    const { at } = this;
    if (at + bytes > this.limit) this.#isCutOff = true;
    else this.at = at + bytes;
    return at;
  }
}

import type { MessageHeaders, MessageProperties, OutgoingMessage } from '../../message/wire';
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

const PUBLISH = 40;
const MANDATORY = 1;
const PERSISTENT = 2;

/** Everything of the three frames but its texts and the body: 70 bytes, and room to spare. */
const FIXED_BYTES = 80;

/**
 * The bytes that a message may take as frames, at most; `undefined` for one with properties that {@link writePublish}
 * does not know. It knows those of a task that is enqueued without options, and headers that are texts, as the context of a
 * trace is: nearly every message.
 *
 * @see docs/decisions/006-publish-frames-of-our-own.md
 */
export function publishBytes({ exchange, routingKey, body, properties }: OutgoingMessage): number | undefined {
  if (!isPlain(properties)) return undefined;
  const headerBytes = properties.headers === undefined ? 0 : textTableBytes(properties.headers);
  if (headerBytes === undefined) return undefined;
  const { contentType = '', messageId = '', type = '', appId = '' } = properties;
  // A character has three bytes at most: one of four is two characters.
  const characters =
    exchange.length + routingKey.length + contentType.length + messageId.length + type.length + appId.length;
  return FIXED_BYTES + 3 * characters + headerBytes + body.length;
}

function isPlain(properties: MessageProperties): boolean {
  return (
    properties.priority === undefined &&
    properties.expiration === undefined &&
    properties.correlationId === undefined &&
    properties.replyTo === undefined &&
    properties.contentEncoding === undefined &&
    properties.userId === undefined
  );
}

/** The bytes of a table of texts, at most; `undefined` where it holds anything else. */
function textTableBytes(headers: MessageHeaders): number | undefined {
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value !== 'string') return undefined;
    bytes += 6 + 3 * (name.length + value.length);
  }
  return bytes;
}

/**
 * Writes a message as `basic.publish`, mandatory and persistent: the method, the header and the body in one frame each.
 *
 * @param target - has room for {@link publishBytes} behind the offset.
 * @returns the offset behind it.
 * @throws RangeError when a text has more than 255 bytes.
 */
export function writePublish(target: Buffer, offset: number, channel: number, message: OutgoingMessage): number {
  const { exchange, routingKey, body, properties } = message;
  let at = beginFrame(target, offset, METHOD_FRAME, channel);
  at = target.writeUInt16BE(BASIC, at);
  at = target.writeUInt16BE(PUBLISH, at);
  at = target.writeUInt16BE(0, at);
  at = writeText(target, at, exchange);
  at = writeText(target, at, routingKey);
  target[at] = MANDATORY;
  at = endFrame(target, offset, at + 1);
  at = writeHeader(target, at, channel, body.length, properties);
  if (body.length === 0) return at;
  const start = at;
  at = beginFrame(target, start, BODY_FRAME, channel);
  target.set(body, at);
  return endFrame(target, start, at + body.length);
}

function writeHeader(
  target: Buffer,
  start: number,
  channel: number,
  bodyBytes: number,
  { contentType, headers, messageId, timestamp, type, appId }: MessageProperties,
): number {
  let at = beginFrame(target, start, HEADER_FRAME, channel);
  at = target.writeUInt16BE(BASIC, at);
  at = target.writeUInt16BE(0, at);
  at = writeUInt64(target, at, bodyBytes);
  const flagsAt = at;
  let flags = HEADERS | DELIVERY_MODE;
  at += 2;
  if (contentType !== undefined) {
    flags |= CONTENT_TYPE;
    at = writeText(target, at, contentType);
  }
  at = writeTable(target, at, headers);
  target[at++] = PERSISTENT;
  if (messageId !== undefined) {
    flags |= MESSAGE_ID;
    at = writeText(target, at, messageId);
  }
  if (timestamp !== undefined) {
    flags |= TIMESTAMP;
    at = writeUInt64(target, at, timestamp);
  }
  if (type !== undefined) {
    flags |= TYPE;
    at = writeText(target, at, type);
  }
  if (appId !== undefined) {
    flags |= APP_ID;
    at = writeText(target, at, appId);
  }
  target.writeUInt16BE(flags, flagsAt);
  return endFrame(target, start, at);
}

/** A table of texts; an empty one where there are no headers, as amqplib writes it. */
function writeTable(target: Buffer, start: number, headers: MessageHeaders | undefined): number {
  let at = start + 4;
  if (headers !== undefined) {
    for (const name of Object.keys(headers)) {
      at = writeText(target, at, name);
      target[at++] = LONG_STRING;
      const bytes = target.write(headers[name] as string, at + 4);
      target.writeUInt32BE(bytes, at);
      at += 4 + bytes;
    }
  }
  target.writeUInt32BE(at - start - 4, start);
  return at;
}

function beginFrame(target: Buffer, at: number, type: number, channel: number): number {
  target[at] = type;
  target.writeUInt16BE(channel, at + 1);
  return at + FRAME_HEADER_BYTES;
}

/** Its size is known only now. */
function endFrame(target: Buffer, start: number, at: number): number {
  target.writeUInt32BE(at - start - FRAME_HEADER_BYTES, start + 3);
  target[at] = FRAME_END;
  return at + 1;
}

/** A short string: its length in a byte, then UTF-8. */
function writeText(target: Buffer, at: number, text: string): number {
  const bytes = target.write(text, at + 1);
  if (bytes > 255) throw new RangeError('a text of more than 255 bytes');
  target[at] = bytes;
  return at + 1 + bytes;
}

/** Whole numbers up to 2^53. */
function writeUInt64(target: Buffer, at: number, value: number): number {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  return target.writeUInt32BE(value % 2 ** 32, at + 4);
}

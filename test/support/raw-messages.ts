import { dirname, join } from 'node:path';
import { type Channel, type ConfirmChannel, connect } from 'amqplib';
import { bounded } from './bounded';

/** amqplib's own encoders, by path: the package does not export them. */
const lib = join(dirname(require.resolve('amqplib')), 'lib');
const defs = require(join(lib, 'defs.js'));
const { makeBodyFrame } = require(join(lib, 'frame.js'));

const BASIC = 60;
const HEADER_FRAME = 2;
const FRAME_END = 0xce;
const HEADERS = 1 << 13;
const DELIVERY_MODE = 1 << 12;
const MESSAGE_ID = 1 << 7;
const TYPE = 1 << 5;

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const shortText = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text as string);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
};

/** A field of a table: its name, the letter of its type, and its value as bytes. */
export type RawField = readonly [name: string | Buffer, tag: string, value: Buffer];

/** The bytes of a table, of which amqplib's encoder would refuse or change some: its length comes first. */
export function rawTable(...fields: readonly RawField[]): Buffer {
  const all = Buffer.concat(
    fields.map(([name, tag, value]) => Buffer.concat([shortText(name), Buffer.from(tag, 'latin1'), value])),
  );
  return Buffer.concat([uint32(all.length), all]);
}

/** Bytes behind their length, as texts, byte arrays and arrays are. */
export const withLength = (bytes: Buffer | string): Buffer => {
  const content = Buffer.from(bytes as string);
  return Buffer.concat([uint32(content.length), content]);
};

/** A field that is so many tables in each other. */
export function nestedTables(name: string, tables: number): RawField {
  // A table of 7 bytes each: its length, a key of one byte, a type. The innermost is empty.
  const bytes = Buffer.alloc(tables * 7 - 3);
  for (let table = 0; table < tables; table++) {
    bytes.writeUInt32BE((tables - 1 - table) * 7, table * 7);
    if (table < tables - 1) bytes.write('\u0001aF', table * 7 + 4, 'latin1');
  }
  return [name, 'F', bytes];
}

export interface RawMessage {
  readonly exchange?: string;
  readonly routingKey: string;
  /** The headers' table, with its length. */
  readonly table: Buffer;
  readonly id?: string;
  readonly type?: string;
  readonly body?: Buffer;
}

/** The content header of a message, written without amqplib's encoder. */
export function rawHeaderFrame(channel: number, { table, id, type, body = Buffer.from('{}') }: RawMessage): Buffer {
  const flags = HEADERS | DELIVERY_MODE | (id === undefined ? 0 : MESSAGE_ID) | (type === undefined ? 0 : TYPE);
  const start = Buffer.alloc(14);
  start.writeUInt16BE(BASIC, 0);
  start.writeUInt32BE(body.length, 8);
  start.writeUInt16BE(flags, 12);
  const texts = [id, type].flatMap((text) => (text === undefined ? [] : [shortText(text)]));
  const payload = Buffer.concat([start, table, Buffer.from([2]), ...texts]);
  const frame = Buffer.alloc(8 + payload.length, FRAME_END);
  frame[0] = HEADER_FRAME;
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(payload.length, 3);
  payload.copy(frame, 7);
  return frame;
}

interface ChannelInternals {
  readonly ch: number;
  readonly connection: { readonly channels: readonly { readonly buffer: { write(bytes: Buffer): void } }[] };
  pushConfirmCallback(callback: (error: unknown) => void): void;
}

/** Publishes a message on a channel, past amqplib's encoder. */
export function writeRaw(channel: Channel, message: RawMessage): void {
  const { ch, connection } = channel as unknown as ChannelInternals;
  const { exchange = '', routingKey, body = Buffer.from('{}') } = message;
  const method = defs.encodeMethod(defs.BasicPublish, ch, { exchange, routingKey, mandatory: true });
  const frames = [method, rawHeaderFrame(ch, message), ...(body.length === 0 ? [] : [makeBodyFrame(ch, body)])];
  connection.channels[ch]?.buffer.write(Buffer.concat(frames));
}

/** Publishes messages past amqplib's encoder, and waits until the broker has confirmed them. */
export async function publishRaw(url: string, ...messages: readonly RawMessage[]): Promise<void> {
  const model = await connect(url);
  const refused = new Promise<never>((_, reject) => model.on('error', reject));
  try {
    const channel: ConfirmChannel = await model.createConfirmChannel();
    for (const message of messages) {
      writeRaw(channel, message);
      (channel as unknown as ChannelInternals).pushConfirmCallback(() => undefined);
    }
    await bounded('the confirms of raw messages', Promise.race([channel.waitForConfirms(), refused]));
  } finally {
    // The broker has closed it over bytes that it refuses.
    await model.close().catch(() => undefined);
  }
}

interface ConnectionInternals {
  rest: Buffer;
  recvFrame(): unknown;
}

/** Takes the oldest message of a queue and gives the fields of its headers as bytes, by their names: `['l', <8 bytes>]`. */
export async function takeRaw(url: string, queue: string): Promise<ReadonlyMap<string, readonly [string, Buffer]>> {
  const model = await connect(url);
  try {
    const { connection } = model as unknown as { readonly connection: ConnectionInternals };
    const recvFrame = connection.recvFrame.bind(connection);
    let table: Buffer = Buffer.alloc(0);
    connection.recvFrame = () => {
      const { rest } = connection;
      const length = rest.length < 7 ? 0 : rest.readUInt32BE(3);
      if (rest[0] !== HEADER_FRAME || rest.length < length + 8) return recvFrame();
      const payload = rest.subarray(7, 7 + length);
      table = headersIn(payload);
      connection.rest = rest.subarray(length + 8);
      const size = payload.readUInt32BE(8);
      return { id: BASIC, channel: rest.readUInt16BE(1), size, fields: {} };
    };
    const channel = await model.createChannel();
    const message = await bounded('a message of the queue', channel.get(queue, { noAck: true }));
    if (message === false) throw new Error(`queue "${queue}" is empty`);
    return new Map(fieldsIn(table));
  } finally {
    await model.close();
  }
}

const CONTENT_TYPE = 1 << 15;
const CONTENT_ENCODING = 1 << 14;

function headersIn(payload: Buffer): Buffer {
  const flags = payload.readUInt16BE(12);
  let at = 14;
  for (const flag of [CONTENT_TYPE, CONTENT_ENCODING]) if (flags & flag) at += 1 + payload.readUInt8(at);
  return flags & HEADERS ? payload.subarray(at + 4, at + 4 + payload.readUInt32BE(at)) : Buffer.alloc(0);
}

const FIXED_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  t: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  D: 5,
  d: 8,
  l: 8,
  L: 8,
  T: 8,
  V: 0,
};

function* fieldsIn(table: Buffer): Generator<readonly [string, readonly [string, Buffer]]> {
  for (let at = 0; at < table.length; ) {
    const nameEnd = at + 1 + table.readUInt8(at);
    const name = table.toString('utf8', at + 1, nameEnd);
    const tag = table.toString('latin1', nameEnd, nameEnd + 1);
    const length = FIXED_BYTES[tag] ?? 4 + table.readUInt32BE(nameEnd + 1);
    at = nameEnd + 1 + length;
    yield [name, [tag, table.subarray(nameEnd + 1, at)]];
  }
}

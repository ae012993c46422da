import type { MessageProperties } from '../../../src/message/wire';

interface AmqpDefinitions {
  encodeProperties(id: number, channel: number, bodySize: number, properties: MessageProperties): Buffer;
}

interface AmqpCodec {
  encodeTable(buffer: Buffer, table: object, offset: number): number;
  decodeFields(bytes: Buffer): Record<string, unknown>;
}

// By its path: amqplib does not export its codec, and what it cannot encode can never be published.
const definitions: AmqpDefinitions = require('../../../node_modules/amqplib/lib/defs');
const codec: AmqpCodec = require('../../../node_modules/amqplib/lib/codec');

const BASIC_PROPERTIES = 60;

/** The bytes of a message's properties. Throws where amqplib would, at 64 KiB of headers for example. */
export function encodeProperties(properties: MessageProperties): Buffer {
  return definitions.encodeProperties(BASIC_PROPERTIES, 1, 0, properties);
}

/** Headers as they come out at the other end. */
export function throughTheWire(headers: object): Record<string, unknown> {
  const bytes = Buffer.alloc(65_536);
  return codec.decodeFields(bytes.subarray(4, codec.encodeTable(bytes, headers, 0)));
}

/** The bytes of a table, its length first. Throws where amqplib would. */
export function encodeTable(table: object): Buffer {
  const bytes = Buffer.alloc(65_536);
  return bytes.subarray(0, codec.encodeTable(bytes, table, 0));
}

import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { publishBytes, writePublish } from '../../../../src/amqp/fast-path/publish-frames';
import type { MessageProperties, OutgoingMessage } from '../../../../src/message/wire';

/** amqplib's own encoders, by path: the package does not export them. */
const lib = join(dirname(require.resolve('amqplib')), 'lib');
const defs = require(join(lib, 'defs.js'));
const { makeBodyFrame } = require(join(lib, 'frame.js'));

function amqplibFrames(channel: number, { exchange, routingKey, body, properties }: OutgoingMessage): Buffer {
  const method = defs.encodeMethod(defs.BasicPublish, channel, { exchange, routingKey, mandatory: true });
  const all = { ...properties, headers: properties.headers ?? {}, deliveryMode: 2 };
  const header = defs.encodeProperties(defs.BasicProperties, channel, body.length, all);
  return Buffer.concat([method, header, ...(body.length === 0 ? [] : [makeBodyFrame(channel, body)])]);
}

const text = fc.string({ unit: 'binary', maxLength: 63 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const message: fc.Arbitrary<OutgoingMessage> = fc.record({
  exchange: text,
  routingKey: text,
  body: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  properties: fc.record({
    contentType: maybe(text),
    headers: maybe(fc.dictionary(text, fc.string({ unit: 'binary', maxLength: 300 }), { maxKeys: 5 })),
    messageId: maybe(text),
    timestamp: maybe(fc.integer({ min: 0, max: 2 ** 40 })),
    type: maybe(text),
    appId: maybe(text),
  }),
});

it('writes the bytes that amqplib writes, wherever in the block', () => {
  fc.assert(
    fc.property(message, fc.integer({ min: 1, max: 2047 }), fc.nat(100), (outgoing, channel, offset) => {
      const room = publishBytes(outgoing);
      if (room === undefined) throw new Error('a plain message was refused');
      const block = Buffer.alloc(offset + room);
      const end = writePublish(block, offset, channel, outgoing);
      expect(end).toBeLessThanOrEqual(block.length);
      expect(block.subarray(offset, end)).toEqual(amqplibFrames(channel, outgoing));
    }),
  );
});

it.each<[string, MessageProperties]>([
  ['a header that is no text', { headers: { traceparent: '00', attempt: 2 } }],
  ['priority', { priority: 0 }],
  ['expiration', { expiration: '1' }],
  ['correlationId', { correlationId: 'a' }],
  ['replyTo', { replyTo: 'a' }],
  ['contentEncoding', { contentEncoding: 'identity' }],
  ['userId', { userId: 'guest' }],
])('leaves a message with %s to amqplib', (_, properties) => {
  expect(publishBytes({ exchange: '', routingKey: 'q', body: Buffer.alloc(1), properties })).toBeUndefined();
});

it('refuses a text that AMQP has no room for, as amqplib does', () => {
  const outgoing = { exchange: '', routingKey: 'ü'.repeat(128), body: Buffer.alloc(1), properties: {} };
  expect(() => writePublish(Buffer.alloc(1_000), 0, 1, outgoing)).toThrow(RangeError);
  expect(() => amqplibFrames(1, outgoing)).toThrow(TypeError);
});

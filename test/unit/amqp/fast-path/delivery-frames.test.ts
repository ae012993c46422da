import { dirname, join } from 'node:path';
import type { ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { DeliveryReader } from '../../../../src/amqp/fast-path/delivery-frames';

/** amqplib's own encoders and decoders, by path: the package does not export them. */
const lib = join(dirname(require.resolve('amqplib')), 'lib');
const defs = require(join(lib, 'defs.js'));
const { decodeFrame, makeBodyFrame, parseFrame } = require(join(lib, 'frame.js'));

interface Sent {
  readonly channel: number;
  readonly fields: ConsumeMessage['fields'];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** The frames of a delivery, its body in pieces of at most so many bytes. */
function framesOf({ channel, fields, properties, body }: Sent, maxBody = 1_000): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += maxBody)
    pieces.push(makeBodyFrame(channel, body.subarray(at, at + maxBody)));
  return Buffer.concat([
    defs.encodeMethod(defs.BasicDeliver, channel, fields),
    defs.encodeProperties(defs.BasicProperties, channel, body.length, properties),
    ...pieces,
  ]);
}

/** The same three frames as amqplib reads them. */
function readByAmqplib(bytes: Buffer): Omit<ConsumeMessage, 'content'> {
  const method = parseFrame(bytes, 0);
  const header = parseFrame(method.rest, 0);
  return { fields: decodeFrame(method).fields, properties: decodeFrame(header).fields };
}

const text = fc.string({ unit: 'binary', maxLength: 80 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const number = fc.oneof(fc.nat(1_000), fc.maxSafeNat());
const textHeaders = fc
  .dictionary(text, fc.string({ unit: 'binary', maxLength: 300 }), { maxKeys: 8, noNullPrototype: true })
  .filter((headers) => !Object.hasOwn(headers, '__proto__'));
const plain: fc.Arbitrary<Sent> = fc.record({
  channel: fc.integer({ min: 1, max: 2047 }),
  fields: fc.record({
    consumerTag: text,
    deliveryTag: number,
    redelivered: fc.boolean(),
    exchange: text,
    routingKey: text,
  }) as fc.Arbitrary<ConsumeMessage['fields']>,
  properties: fc.record({
    contentType: maybe(text),
    headers: fc.oneof(fc.constantFrom(undefined, {}), textHeaders),
    deliveryMode: fc.constantFrom(undefined, 1, 2),
    messageId: maybe(text),
    timestamp: maybe(number),
    type: maybe(text),
    appId: maybe(text),
  }),
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

it('reads plain deliveries as amqplib reads them, one behind the other, with the texts of those before', () => {
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 5 }), fc.nat(20), (sent, offset) => {
      const bytes = Buffer.concat([Buffer.alloc(offset), ...sent.map((one) => framesOf(one))]);
      const reader = new DeliveryReader();
      reader.end = offset;
      for (const one of sent) {
        const at = reader.end;
        const { content, ...rest } = reader.read(bytes, at) ?? {};
        expect(rest).toEqual(readByAmqplib(bytes.subarray(at)));
        expect(content).toEqual(one.body);
        expect(reader.channel).toBe(one.channel);
      }
      expect(reader.end).toBe(bytes.length);
    }),
  );
});

const delivery: Sent = {
  channel: 3,
  fields: { consumerTag: 'tag', deliveryTag: 7, redelivered: false, exchange: '', routingKey: 'emails' },
  properties: { contentType: 'application/json', headers: {}, deliveryMode: 2, messageId: 'id-1', type: 'emails.send' },
  body: Buffer.from('{"to":"ada@example.com"}'),
};

it('leaves a delivery that has not come in full', () => {
  const bytes = framesOf(delivery);
  const reader = new DeliveryReader();
  for (let length = 0; length < bytes.length; length++) {
    expect(reader.read(bytes.subarray(0, length), 0)).toBeUndefined();
  }
  expect(reader.read(bytes, 0)).toMatchObject({ fields: delivery.fields, content: delivery.body });
});

it.each<[string, Buffer]>([
  ['headers', framesOf({ ...delivery, properties: { headers: { a: 1 } } })],
  ['a priority', framesOf({ ...delivery, properties: { priority: 1 } })],
  ['an expiration', framesOf({ ...delivery, properties: { expiration: '1000' } })],
  ['a correlation id', framesOf({ ...delivery, properties: { correlationId: 'a' } })],
  ['an address for a reply', framesOf({ ...delivery, properties: { replyTo: 'a' } })],
  ['an encoding', framesOf({ ...delivery, properties: { contentEncoding: 'gzip' } })],
  ['a user', framesOf({ ...delivery, properties: { userId: 'guest' } })],
  ['a cluster', framesOf({ ...delivery, properties: { clusterId: 'a' } })],
  ['a body in two frames', framesOf(delivery, 10)],
  [
    'a frame of another channel in it',
    Buffer.concat([framesOf(delivery).subarray(0, -33), makeBodyFrame(4, delivery.body)]),
  ],
])('leaves a message with %s to amqplib', (_label, bytes) => {
  expect(new DeliveryReader().read(bytes, 0)).toBeUndefined();
});

it('leaves frames of other kinds to amqplib', () => {
  const ack = defs.encodeMethod(defs.BasicAck, 3, { deliveryTag: 1, multiple: false });
  const heartbeat = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);
  for (const other of [ack, heartbeat, framesOf(delivery).subarray(40)]) {
    expect(new DeliveryReader().read(Buffer.concat([other, framesOf(delivery)]), 0)).toBeUndefined();
  }
});

it('does not throw over bytes that make no sense, nor read beyond them', () => {
  const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(plain, changes, (one, changed) => {
      const bytes = framesOf(one);
      for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
      const reader = new DeliveryReader();
      if (reader.read(bytes, 0) !== undefined) expect(reader.end).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2_000 },
  );
});

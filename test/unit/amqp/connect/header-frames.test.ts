import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { readHeaderFrame, readHeadersBounded } from '../../../../src/amqp/connect/header-frames';
import { nestedTables, rawHeaderFrame, rawTable } from '../../../support/raw-messages';

/** amqplib's own encoder and decoder, by path: the package does not export them. */
const lib = join(dirname(require.resolve('amqplib')), 'lib');
const defs = require(join(lib, 'defs.js'));
const { decodeFrame, parseFrame } = require(join(lib, 'frame.js'));

const text = fc.option(fc.string({ unit: 'binary', maxLength: 80 }), { nil: undefined });
const byte = fc.option(fc.nat(255), { nil: undefined });
const properties = fc.record({
  contentType: text,
  contentEncoding: text,
  headers: fc.constantFrom(undefined, {}, { a: 'text', b: [true, null], c: { d: 1 } }),
  deliveryMode: byte,
  priority: byte,
  correlationId: text,
  replyTo: text,
  expiration: text,
  messageId: text,
  timestamp: fc.option(fc.maxSafeNat(), { nil: undefined }),
  type: text,
  userId: text,
  appId: text,
  clusterId: text,
});

it('reads the properties of a message as amqplib reads them', () => {
  fc.assert(
    fc.property(properties, fc.nat(2_000), fc.nat(10), (given, size, more) => {
      const bytes = Buffer.concat([defs.encodeProperties(60, 7, size, given), Buffer.alloc(more)]);
      const { frame, end } = readHeaderFrame(bytes) ?? {};
      const expected = decodeFrame(parseFrame(bytes, 0));
      expect(frame).toEqual({ ...expected, fields: { ...NOTHING_SET, ...expected.fields } });
      expect(end).toBe(bytes.length - more);
    }),
  );
});

const NOTHING_SET = Object.fromEntries(
  [
    'contentType',
    'contentEncoding',
    'headers',
    'deliveryMode',
    'priority',
    'correlationId',
    'replyTo',
    'expiration',
    'messageId',
    'timestamp',
    'type',
    'userId',
    'appId',
    'clusterId',
  ].map((name) => [name, undefined]),
);

const bomb = rawHeaderFrame(3, {
  routingKey: '',
  id: 'id-1',
  type: 'a.b',
  table: rawTable(nestedTables('bomb', 9_000)),
});

it('reads the other properties of a message whose headers would fill amqplib’s stack', () => {
  expect(() => decodeFrame(parseFrame(bomb, 0))).toThrow(RangeError);
  expect(readHeaderFrame(bomb)?.frame).toMatchObject({
    channel: 3,
    fields: { messageId: 'id-1', type: 'a.b', headers: {}, unreadable: [{ name: 'bomb' }] },
  });
});

it('leaves a frame that has not come in full, and frames of other kinds', () => {
  const whole = rawHeaderFrame(3, { routingKey: '', table: rawTable() });
  for (let length = 0; length < whole.length; length++) {
    expect(readHeaderFrame(whole.subarray(0, length))).toBeUndefined();
  }
  expect(readHeaderFrame(defs.encodeMethod(defs.BasicAck, 3, { deliveryTag: 1, multiple: false }))).toBeUndefined();
});

it('does not throw over bytes that make no sense', () => {
  const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(properties, changes, (given, changed) => {
      const bytes = Buffer.from(defs.encodeProperties(60, 7, 5, given));
      for (const [at, value] of changed) bytes[at % bytes.length] = value;
      expect(readHeaderFrame(bytes)?.end ?? 0).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2_000 },
  );
});

it('takes amqplib’s place for headers alone, and is off without amqplib’s internals', () => {
  const calls: string[] = [];
  const connection = { rest: Buffer.concat([bomb, Buffer.from([8, 0, 0])]), recvFrame: () => calls.push('amqplib') };
  expect(readHeadersBounded({ connection } as never)).toBe(true);
  expect(connection.recvFrame()).toMatchObject({ id: 60, channel: 3 });
  expect(connection.rest).toEqual(Buffer.from([8, 0, 0]));
  expect(calls).toEqual([]);
  connection.recvFrame();
  expect(calls).toEqual(['amqplib']);
  expect(readHeadersBounded({ connection: {} } as never)).toBe(false);
  expect(readHeadersBounded({} as never)).toBe(false);
});

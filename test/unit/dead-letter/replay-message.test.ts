import fc from 'fast-check';
import { replayMessage } from '../../../src/dead-letter/replay-message';
import { readEnvelope, readFailures } from '../../../src/message/envelope';
import type { MessageProperties } from '../../../src/message/wire';
import { encodeProperties } from '../support/amqp-codec';
import { headerTables } from '../support/header-tables';
import { incomingMessage } from '../support/incoming-message';

const NOW = 1_800_000_000_000;
const failures = JSON.stringify([{ attempt: 3, at: '2026-01-01T00:00:00.000Z', error: 'Error', message: 'boom' }]);

const replay = (properties: MessageProperties) =>
  replayMessage(
    'emails',
    incomingMessage(properties, { body: Buffer.from('{"to":"ada"}'), exchange: 'warren.dead' }),
    NOW,
    () => 'new-id',
  );

it('goes straight home with its id, payload, own headers and history, and begins again', () => {
  const headers = {
    tenant: 'ada',
    'warren-attempt': 3,
    'warren-queue': 'emails',
    'warren-first-attempt-at': 5,
    'warren-expires-at': 6,
    'warren-reason': 'exhausted',
    'warren-dead-at': 7,
    'warren-problems': '[]',
    'warren-failures': failures,
    'warren-replays': 2,
    'warren-replayed-at': 8,
    'x-death': [{ queue: 'emails', exchange: '', 'routing-keys': ['emails'] }],
  };
  const message = replay({
    messageId: 'id-1',
    type: 'emails.send',
    contentType: 'application/json',
    expiration: '5',
    userId: 'x',
    headers,
  });
  expect(message).toMatchObject({ exchange: '', routingKey: 'emails', body: Buffer.from('{"to":"ada"}') });
  expect(JSON.parse(JSON.stringify(message.properties))).toEqual({
    messageId: 'id-1',
    type: 'emails.send',
    contentType: 'application/json',
    headers: { tenant: 'ada', 'warren-failures': failures, 'warren-replays': 3, 'warren-replayed-at': NOW },
  });
  expect(readEnvelope(incomingMessage(message.properties))).toMatchObject({
    attempt: 1,
    firstAttemptAt: undefined,
    expiresAt: undefined,
  });
});

it('gets an id where it has none, and counts from one where the count is forged', () => {
  const { properties } = replay({ headers: { 'warren-replays': 'NaN' } });
  expect(properties.messageId).toBe('new-id');
  expect(properties.headers).toEqual({ 'warren-replays': 1, 'warren-replayed-at': NOW });
});

it('goes to the queue it died in, whatever home a sender forged', () => {
  expect(replay({ headers: { 'warren-queue': 'victim' } }).routingKey).toBe('emails');
});

const death = (queue: string, exchange: unknown, ...keys: unknown[]) => ({ queue, exchange, 'routing-keys': keys });

it.each<[string, Record<string, unknown>, object]>([
  [
    'its own headers',
    { 'warren-exchange': 'shop', 'warren-routing-key': 'order.paid', 'x-death': [death('emails', 'other', 'x')] },
    { exchange: 'shop', routingKey: 'order.paid' },
  ],
  [
    'the broker’s record',
    { 'x-death': [death('elsewhere', 'no', 'no'), death('emails', 'shop', 'order.paid', 'cc')] },
    { exchange: 'shop', routingKey: 'order.paid' },
  ],
  [
    'the broker’s record, where only half of its own is there',
    { 'warren-exchange': 'half', 'x-death': [death('emails', 'shop', 'order.paid')] },
    { exchange: 'shop', routingKey: 'order.paid' },
  ],
])('knows where it was first published to from %s', (_label, headers, origin) => {
  expect(readEnvelope(incomingMessage(replay({ headers }).properties))).toMatchObject(origin);
});

it.each<[string, unknown]>([
  ['straight to the queue', [death('emails', '', 'emails')]],
  ['by the delay ladder', [death('emails', 'warren.delay.deliver', '0.1.emails')]],
  ['to another queue', [death('other', 'shop', 'order.paid')]],
  ['without a key', [death('emails', 'shop')]],
  ['with a key that is none', [death('emails', 'shop', 5)]],
  ['by nobody', [null, 5, 'x']],
  ['in no list', { 0: death('emails', 'shop', 'order.paid') }],
])('notes no origin where the broker says it came %s', (_label, deaths) => {
  expect(Object.keys(replay({ headers: { 'x-death': deaths } }).properties.headers ?? {})).toEqual([
    'warren-replays',
    'warren-replayed-at',
  ]);
});

it('can be encoded by amqplib, whatever the letter holds', () => {
  const hugeHistory = JSON.stringify(
    Array.from({ length: 10 }, () => ({ attempt: 1, at: '', error: '', message: '\u0000'.repeat(400) })),
  );
  const histories = fc.constantFrom(failures, hugeHistory, 'x'.repeat(65_000), '[');
  fc.assert(
    fc.property(headerTables, histories, (headers, history) => {
      const { properties } = replay({
        messageId: '\ufffd'.repeat(255),
        headers: { ...headers, 'warren-failures': history },
      });
      expect(encodeProperties(properties).length).toBeLessThan(65_536);
      expect(JSON.stringify(readFailures(incomingMessage(properties)))).toEqual(
        history === failures ? failures : expect.any(String),
      );
    }),
  );
});

import { readEnvelope, readFailures, readUnknownSince } from '../../../src/message/envelope';
import { incomingMessage } from '../support/incoming-message';

it('reads a first attempt from a message without headers', () => {
  const message = incomingMessage(
    { messageId: 'id-1', type: 'emails.send' },
    { exchange: 'shop', routingKey: 'order.paid' },
  );
  expect(readEnvelope(message)).toEqual({
    id: 'id-1',
    type: 'emails.send',
    attempt: 1,
    firstAttemptAt: undefined,
    expiresAt: undefined,
    exchange: 'shop',
    routingKey: 'order.paid',
  });
  expect(readFailures(message)).toEqual([]);
});

it('reads a retry copy, with the address that it was first published to', () => {
  const headers = {
    'warren-attempt': 4,
    'warren-first-attempt-at': 1_700_000_000_000,
    'warren-expires-at': 1_800_000_000_000,
    'warren-exchange': 'shop',
    'warren-routing-key': 'order.paid',
    'warren-failures': '[{"attempt":3,"at":"2026-01-01T00:00:00.000Z","error":"Error","message":"boom"}]',
  };
  const message = incomingMessage({ headers }, { exchange: 'warren.delay.deliver', routingKey: '0.0.emails' });
  expect(readEnvelope(message)).toEqual({
    id: undefined,
    type: undefined,
    attempt: 4,
    firstAttemptAt: 1_700_000_000_000,
    expiresAt: 1_800_000_000_000,
    exchange: 'shop',
    routingKey: 'order.paid',
  });
  expect(readFailures(message)).toEqual([
    { attempt: 3, at: '2026-01-01T00:00:00.000Z', error: 'Error', message: 'boom' },
  ]);
});

it.each([
  -1,
  0,
  1.5,
  'NaN',
  '7',
  Number.NaN,
  1e308,
  1_000_001,
  Number.POSITIVE_INFINITY,
  null,
  undefined,
  true,
  [2],
  { '!': 'int', value: 2 },
])('takes a forged attempt of %p for the first', (attempt) => {
  expect(readEnvelope(incomingMessage({ headers: { 'warren-attempt': attempt } })).attempt).toBe(1);
});

it.each([-1, 8.64e15 + 1, 1e308, '1700000000000', 0.5, {}])('takes a forged instant of %p for none', (instant) => {
  const headers = { 'warren-first-attempt-at': instant, 'warren-expires-at': instant };
  expect(readEnvelope(incomingMessage({ headers }))).toMatchObject({ firstAttemptAt: undefined, expiresAt: undefined });
});

it.each<[string, unknown]>([
  ['empty', ''],
  ['no text', 5],
  ['longer than a short string of AMQP, as invalid UTF-8 becomes when it is decoded', '\ufffd'.repeat(86)],
])('takes an id or type that is %s for none', (_label, text) => {
  const properties = { messageId: text as string, type: text as string };
  expect(readEnvelope(incomingMessage(properties))).toMatchObject({ id: undefined, type: undefined });
  expect(readEnvelope(incomingMessage({ ...properties, headers: {} }))).toMatchObject({
    id: undefined,
    type: undefined,
  });
});

it.each([['a'.repeat(255)], ['\ufffd'.repeat(85)], ['\u{1f430}'.repeat(63)]])(
  'takes an id and a type of as many bytes as fit: %s',
  (text) => {
    const properties = { messageId: text, type: text };
    expect(readEnvelope(incomingMessage(properties))).toMatchObject({ id: text, type: text });
  },
);

it('takes no header from a __proto__ table', () => {
  const headers = Object.setPrototypeOf(
    {},
    { 'warren-attempt': 9, 'warren-failures': '[]', 'warren-exchange': 'evil' },
  ) as Record<string, unknown>;
  expect(readEnvelope(incomingMessage({ headers }))).toMatchObject({ attempt: 1, exchange: '' });
  expect(readFailures(incomingMessage({ headers }))).toEqual([]);
});

it.each<[string, unknown, number]>([
  ['nobody has met it before', undefined, 1_000],
  ['somebody has', 400, 400],
  ['the time is yet to come, which would keep it for ever', 9_000, 1_000],
  ['it is no time', 'yesterday', 1_000],
])('is unknown since now, or since it was met first, where %s', (_, header, since) => {
  const message = incomingMessage({ headers: { 'warren-unknown-since': header } });
  expect(readUnknownSince(message, 1_000)).toBe(since);
});

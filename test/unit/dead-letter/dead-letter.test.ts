import fc from 'fast-check';
import { readDeadLetter } from '../../../src/dead-letter/dead-letter';
import type { MessageProperties } from '../../../src/message/wire';
import { headerTables } from '../support/header-tables';
import { incomingMessage } from '../support/incoming-message';

const read = (properties: MessageProperties) =>
  readDeadLetter('emails', incomingMessage(properties, { body: Buffer.from('{"to":"ada"}') }));
const failure = { attempt: 3, at: '2026-01-01T00:00:00.000Z', error: 'Error', message: 'boom' };

it('reads a letter that a worker wrote', () => {
  const letter = read({
    messageId: 'id-1',
    type: 'emails.send',
    contentType: 'application/json',
    timestamp: 1_700_000_000,
    headers: {
      tenant: 'ada',
      'warren-attempt': 3,
      'warren-queue': 'emails',
      'warren-reason': 'exhausted',
      'warren-dead-at': 1_767_225_600_000,
      'warren-failures': JSON.stringify([{ ...failure, attempt: 2 }, failure]),
      'warren-problems': '[{"path":"to","rule":"isEmail","message":"must be an email"}]',
      'warren-replays': 2,
      'x-death': [{ reason: 'expired', time: { '!': 'timestamp', value: 1 } }],
    },
  });
  expect(letter).toEqual({
    id: 'id-1',
    task: 'emails.send',
    queue: 'emails',
    reason: 'exhausted',
    attempt: 3,
    error: failure,
    failures: [{ ...failure, attempt: 2 }, failure],
    problems: [{ path: 'to', rule: 'isEmail', message: 'must be an email' }],
    diedAt: new Date('2026-01-01T00:00:00.000Z'),
    enqueuedAt: new Date('2023-11-14T22:13:20.000Z'),
    replays: 2,
    headers: { tenant: 'ada' },
    contentType: 'application/json',
    payload: { to: 'ada' },
    body: Buffer.from('{"to":"ada"}'),
  });
  expect(Object.isFrozen(letter)).toBe(true);
});

it.each([
  ['delivery_limit', 'delivery-limit'],
  ['expired', 'expired'],
  ['maxlen', 'overflow'],
  ['rejected', 'rejected'],
  ['a reason of a version to come', 'rejected'],
])('takes the broker’s reason %s for %s, and its time', (reason, expected) => {
  const headers = { 'x-death': [{ reason, time: { '!': 'timestamp', value: 1_700_000_000 } }, { reason: 'maxlen' }] };
  expect(read({ headers })).toMatchObject({
    reason: expected,
    attempt: 1,
    diedAt: new Date('2023-11-14T22:13:20.000Z'),
    error: undefined,
  });
});

it.each<[string, Record<string, unknown>]>([
  ['nothing', {}],
  ['a forged reason', { 'warren-reason': '__proto__' }],
  ['forged numbers', { 'warren-attempt': -1, 'warren-dead-at': 1e308, 'warren-replays': 'NaN' }],
  ['another home queue', { 'warren-queue': 'victim' }],
  ['forged texts', { 'warren-problems': '{"path":1}', 'warren-failures': 'x' }],
  ['problems that are none', { 'warren-problems': '[1, null, {"path":"a"}, {"path":1,"rule":"b","message":"c"}]' }],
  ['far too many problems', { 'warren-problems': `[${'{"path":"a","rule":"b","message":"c"},'.repeat(900)}0]` }],
  ['a death that is none', { 'x-death': [null] }],
  ['deaths that are no list', { 'x-death': 'rejected' }],
  ['a death at no time', { 'x-death': [{ reason: 5, time: Number.NaN }] }],
  ['a death beyond all dates', { 'x-death': [{ time: { '!': 'timestamp', value: 2 ** 64 } }] }],
  [
    'everything in a __proto__ table',
    Object.setPrototypeOf({}, { 'warren-reason': 'failed', 'x-death': [{ reason: 'expired' }] }) as Record<
      string,
      unknown
    >,
  ],
])('reads a letter with %s as if it said nothing', (_label, headers) => {
  expect(read({ headers, timestamp: 2 ** 64 })).toMatchObject({
    queue: 'emails',
    reason: 'rejected',
    attempt: 1,
    failures: [],
    problems: [],
    diedAt: undefined,
    enqueuedAt: undefined,
    replays: 0,
    headers: {},
  });
});

it('reads whatever a sender can put in headers', () => {
  const names = fc.constantFrom(
    'x-death',
    'warren-reason',
    'warren-problems',
    'warren-failures',
    'warren-dead-at',
    'warren-queue',
  );
  fc.assert(
    fc.property(headerTables, names, fc.anything(), (headers, name, value) => {
      expect(read({ headers: { ...headers, [name]: value } }).queue).toBe('emails');
    }),
  );
});

import fc from 'fast-check';
import { replayMessage } from '../../../src/dead-letter/replay-message';
import type { PayloadProblem } from '../../../src/errors/enqueue-errors';
import {
  bareDeadLetterProperties,
  type CopyInput,
  deadLetterProperties,
  movedProperties,
  retryProperties,
  suspectProperties,
  unknownTaskProperties,
} from '../../../src/message/copies';
import { readEnvelope, readFailures, readUnknownSince } from '../../../src/message/envelope';
import { appendFailure } from '../../../src/message/failure-history';
import { HEADER } from '../../../src/message/headers';
import type { MessageProperties } from '../../../src/message/wire';
import { encodeProperties } from '../support/amqp-codec';
import { headerTables } from '../support/header-tables';
import { incomingMessage } from '../support/incoming-message';

const NOW = 1_800_000_000_000;
const FRAME_BYTES = 65_536;

/** What the settler would copy after a failed first attempt. */
function copyOf(properties: MessageProperties, overrides: Partial<CopyInput> = {}): CopyInput {
  const message = incomingMessage(properties);
  const envelope = readEnvelope(message);
  const { id = 'made-up' } = envelope;
  const failure = { attempt: 1, at: new Date(NOW).toISOString(), error: 'Error', message: 'boom' };
  const failures = appendFailure(readFailures(message), failure);
  return {
    message,
    envelope,
    id,
    task: 'emails.send',
    queue: 'emails',
    attempt: 2,
    firstAttemptAt: NOW,
    failures,
    ...overrides,
  };
}

const harmless: MessageProperties = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  correlationId: 'c-1',
  replyTo: 'answers',
  messageId: 'id-1',
  timestamp: 1_700_000_000,
  appId: 'shop',
};

it('keeps the trace however many headers there are, and takes over what this attempt says of it', () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`h${index}`, 'x'.repeat(1000)]));
  const headers = { ...many, traceparent: '00-1', tracestate: 'a=1', 'warren-last-span': '00-2' };
  const { headers: copied } = retryProperties(copyOf({ ...harmless, headers }));
  expect(copied).toMatchObject({ traceparent: '00-1', tracestate: 'a=1', 'warren-last-span': '00-2' });
  const trace = { 'warren-last-span': '00-3' };
  expect(retryProperties(copyOf({ ...harmless, headers }, { trace })).headers).toMatchObject({
    traceparent: '00-1',
    'warren-last-span': '00-3',
  });
});

it('copies what a retry needs, and writes its own headers', () => {
  const copy = retryProperties(
    copyOf({ ...harmless, type: 'old.name', headers: { tenant: 'ada', traceparent: '00-1' } }),
  );
  expect(copy).toEqual({
    ...harmless,
    type: 'emails.send',
    headers: {
      tenant: 'ada',
      traceparent: '00-1',
      'warren-attempt': 2,
      'warren-queue': 'emails',
      'warren-first-attempt-at': NOW,
      'warren-failures': '[{"attempt":1,"at":"2027-01-15T08:00:00.000Z","error":"Error","message":"boom"}]',
    },
  });
});

it('never copies what the broker would act on', () => {
  const copy = retryProperties(
    copyOf({
      userId: 'somebody',
      expiration: '5',
      priority: 9,
      deliveryMode: 1,
      headers: {
        CC: ['victim'],
        BCC: ['victim'],
        'x-death': [{ queue: 'a' }],
        'x-first-death-queue': 'a',
        'x-delay': 5,
        'x-delivery-count': 3,
      },
    }),
  );
  expect(
    Object.entries(copy)
      .filter(([, value]) => value !== undefined)
      .map(([key]) => key),
  ).toEqual(['type', 'messageId', 'headers']);
  expect(Object.keys(copy.headers ?? {}).filter((name) => !name.startsWith('warren-'))).toEqual([]);
});

it('does not take over what a sender forged about itself', () => {
  const forged = {
    'warren-attempt': -1,
    'warren-queue': 'victim',
    'warren-reason': 'failed',
    'warren-dead-at': 1,
    'warren-replays': 'NaN',
    'warren-problems': '[]',
    'warren-new': 1,
  };
  expect(retryProperties(copyOf({ headers: forged }, { failures: [] })).headers).toEqual({
    'warren-attempt': 2,
    'warren-queue': 'emails',
    'warren-first-attempt-at': NOW,
  });
});

const OWN_HEADERS = Object.values(HEADER);

it('can be encoded whatever a sender forges as a header of Warren’s own, and whichever copy it is', () => {
  const forged = fc.oneof(
    fc.constantFrom<unknown>(2 ** 50 + 0.5, -1e300, 1e300, Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 63),
    fc.constantFrom<unknown>(
      { '!': 'long', value: 1.5 },
      { '!': 'none', value: 1 },
      { '!': 'long', value: '9'.repeat(19) },
    ),
    fc.anything(),
    fc.double(),
    fc.bigInt(),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...OWN_HEADERS), forged, { noNullPrototype: true }), (headers) => {
      const input = copyOf({ headers });
      const moved = incomingMessage({ headers });
      const copies = [
        retryProperties(input),
        unknownTaskProperties(input, readUnknownSince(input.message, NOW)),
        suspectProperties(input, { crashes: 1, acquittals: 1 }),
        deadLetterProperties(input, 'failed', [], NOW),
        bareDeadLetterProperties(input, NOW),
        movedProperties(moved, undefined),
        replayMessage('emails', moved, NOW, () => 'new').properties,
      ];
      for (const copy of copies) expect(encodeProperties(copy).length).toBeLessThan(FRAME_BYTES);
    }),
    { numRuns: 500 },
  );
});

it('names the headers that it leaves out, and those that copies before it left out', () => {
  const headers = { big: 'x'.repeat(20_000), tenant: 'ada', 'warren-headers-left-out': '["earlier"]' };
  const unreadable = [{ name: 'bomb', problem: 'too deep' }];
  const copy = retryProperties(copyOf({ headers, unreadable }));
  expect(copy.headers).toMatchObject({ tenant: 'ada', 'warren-headers-left-out': '["earlier","bomb","big"]' });
  expect(copy.headers).not.toHaveProperty('big');
  expect(retryProperties(copyOf({ headers: { tenant: 'ada' } })).headers).not.toHaveProperty('warren-headers-left-out');
});

it('has none of the sender’s headers where no other copy can be made, and names them', () => {
  const copy = bareDeadLetterProperties(
    copyOf({ ...harmless, headers: { tenant: 'ada', CC: ['x'], 'warren-replays': 2 } }),
    NOW,
  );
  expect(copy).toMatchObject({ messageId: 'id-1', correlationId: 'c-1' });
  expect(copy.headers).toMatchObject({
    'warren-headers-left-out': '["tenant"]',
    'warren-reason': 'rejected',
    'warren-dead-at': NOW,
    'warren-replays': 2,
  });
  expect(copy.headers).not.toHaveProperty('tenant');
});

describe('a message that is moved', () => {
  it('keeps all headers that were its own, with their types, and gets where it came from', () => {
    const big = 'x'.repeat(30_000);
    const headers = {
      big,
      id: { '!': 'long', value: 5 },
      'warren-attempt': 3,
      'x-death': [{}],
      'warren-replays': 2 ** 50 + 0.5,
    };
    const moved = movedProperties(incomingMessage({ headers, priority: 3, userId: 'x', expiration: '5' }), {
      exchange: 'shop',
      routingKey: 'order.paid',
    });
    expect(moved).toMatchObject({ priority: 3 });
    expect([moved.userId, moved.expiration]).toEqual([undefined, undefined]);
    expect(moved.headers).toEqual({
      big,
      id: { '!': 'long', value: 5 },
      'warren-attempt': 3,
      'warren-replays': { '!': 'double', value: 2 ** 50 + 0.5 },
      'warren-exchange': 'shop',
      'warren-routing-key': 'order.paid',
    });
  });
});

it('keeps when the task expires, where it came from and how often it was replayed', () => {
  const headers = {
    'warren-expires-at': NOW + 5,
    'warren-exchange': 'shop',
    'warren-routing-key': 'order.paid',
    'warren-replays': 2,
    'warren-replayed-at': NOW - 5,
  };
  expect(retryProperties(copyOf({ headers })).headers).toMatchObject(headers);
});

it.each<[string, MessageProperties, object]>([
  [
    'a text longer than AMQP’s short strings',
    { correlationId: 'é'.repeat(128), appId: 'x'.repeat(255) },
    { correlationId: undefined, appId: 'x'.repeat(255) },
  ],
  ['a property of another type', { replyTo: 5 as unknown as string }, { replyTo: undefined }],
  ['a timestamp of all ones, which amqplib cannot write again', { timestamp: 2 ** 64 }, { timestamp: undefined }],
  ['a timestamp that is no whole number', { timestamp: 1.5 }, { timestamp: undefined }],
])('leaves out %s', (_label, properties, expected) => {
  expect(retryProperties(copyOf(properties))).toMatchObject(expected);
});

it('keeps the sender’s type where no task was found', () => {
  expect(retryProperties(copyOf({ type: 'new.task' }, { task: undefined })).type).toBe('new.task');
});

describe('a dead letter', () => {
  const problem = (path: string, message = 'must be an email'): PayloadProblem => ({ path, rule: 'isEmail', message });

  it('says why and when', () => {
    const { headers } = deadLetterProperties(copyOf({}), 'invalid-payload', [problem('to')], NOW);
    expect(headers).toMatchObject({
      'warren-reason': 'invalid-payload',
      'warren-dead-at': NOW,
      'warren-problems': '[{"path":"to","rule":"isEmail","message":"must be an email"}]',
    });
    expect(deadLetterProperties(copyOf({}), 'failed', [], NOW).headers).not.toHaveProperty('warren-problems');
  });

  it.each<[string, PayloadProblem[]]>([
    ['too many', Array.from({ length: 50 }, (_, i) => problem(`items[${i}]`))],
    ['too long', Array.from({ length: 20 }, (_, i) => problem(`items[${i}]`, 'é'.repeat(500)))],
    [
      'made of what JSON escapes',
      Array.from({ length: 20 }, () => problem('\u0000'.repeat(500), '\u0000'.repeat(300))),
    ],
    ['far beyond every budget', [{ path: 'p'.repeat(90_000), rule: 'r'.repeat(90_000), message: '"'.repeat(90_000) }]],
  ])('names the first problems, whole and readable, where they are %s', (_label, problems) => {
    const text = String(
      deadLetterProperties(copyOf({}), 'invalid-payload', problems, NOW).headers?.['warren-problems'],
    );
    const named = JSON.parse(text) as PayloadProblem[];
    expect(named.length).toBeGreaterThan(0);
    expect(named.map(({ path }) => path.slice(0, 9))).toEqual(
      problems.slice(0, named.length).map(({ path }) => path.slice(0, 9)),
    );
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8_192);
  });
});

it('can be encoded by amqplib and fits its frame, whatever came in', () => {
  const shortText = fc.oneof(fc.string(), fc.constant('\ufffd'.repeat(255)));
  const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 5, arbitrary: fc.constant(undefined as T) }, arbitrary);
  const properties = fc.record({
    headers: headerTables,
    type: optional(shortText),
    messageId: optional(shortText),
    correlationId: optional(shortText),
    timestamp: optional(fc.oneof(fc.double(), fc.constantFrom(2 ** 64, 2 ** 64 - 2048, -1))),
  });
  const history = fc.nat(900).map((length) => {
    const message = '\u0000é'.repeat(length);
    return JSON.stringify(
      Array.from({ length: 10 }, (_, i) => ({ attempt: i, at: '', error: '', message: message.slice(0, 500) })),
    );
  });
  const problem = { path: '\u0000'.repeat(500), rule: 'x', message: '\u0000'.repeat(300) };
  fc.assert(
    fc.property(properties, history, ({ headers, ...rest }, failures) => {
      const input = copyOf({ ...rest, headers: { ...headers, 'warren-failures': failures } });
      const copies = [
        retryProperties(input),
        retryProperties({ ...input, failures: readFailures(input.message) }),
        deadLetterProperties(
          input,
          'invalid-payload',
          Array.from({ length: 50 }, () => problem),
          NOW,
        ),
      ];
      for (const copy of copies) expect(encodeProperties(copy).length).toBeLessThan(FRAME_BYTES);
    }),
    { numRuns: 150 },
  );
});

it('says since when nobody knows the task, until somebody does', () => {
  const kept = unknownTaskProperties(copyOf(harmless, { task: undefined, attempt: 1, failures: [] }), 400);
  expect(kept.headers).toMatchObject({ 'warren-unknown-since': 400, 'warren-attempt': 1 });
  const again = retryProperties(copyOf(kept));
  expect(again.headers).not.toHaveProperty('warren-unknown-since');
});

import type { IncomingMessage } from '../../../src/message/wire';
import { ClockSkew } from '../../../src/worker/clock-skew';
import { incomingMessage } from '../support/incoming-message';

/** A message as `enqueue` makes it with `expiresIn`, at a time of its sender. */
const expiring = (sentAt: number, livesMs: number): IncomingMessage =>
  incomingMessage({ expiration: String(livesMs), headers: { 'warren-expires-at': sentAt + livesMs } });

/** A worker that is ahead of its senders by so much, at a time of theirs. */
function workerAhead(aheadMs: number) {
  let senders = 1_000_000;
  const skew = new ClockSkew({ now: () => senders + aheadMs });
  return {
    skew,
    at: (ms: number) => {
      senders = ms;
    },
    hasExpired: (expiresAt: number) => skew.hasExpired(expiresAt, senders + aheadMs),
  };
}

it.each([60_000, 3_600_000])(
  'knows from the first message that the clock is ahead by %d ms, and expires in time',
  (ms) => {
    const { skew, at, hasExpired } = workerAhead(ms);
    skew.observe(expiring(1_000_000, 30_000));
    expect(skew.aheadMs).toBe(ms);
    at(1_029_999);
    expect(hasExpired(1_030_000)).toBe(false);
    at(1_030_000);
    expect(hasExpired(1_030_000)).toBe(true);
  },
);

it('takes what waited for new, until a younger message shows the difference', () => {
  const { skew, at } = workerAhead(60_000);
  at(1_020_000);
  skew.observe(expiring(1_000_000, 30_000));
  expect(skew.aheadMs).toBe(80_000);
  skew.observe(expiring(1_019_990, 30_000));
  expect(skew.aheadMs).toBe(60_010);
});

it('forgets the difference when the clock is set right', () => {
  let ahead = 60_000;
  const skew = new ClockSkew({ now: () => 1_000_000 + ahead });
  skew.observe(expiring(1_000_000, 30_000));
  ahead = 0;
  skew.observe(expiring(1_000_000, 30_000));
  expect(skew.aheadMs).toBe(0);
});

it.each<[string, IncomingMessage]>([
  ['does not expire', incomingMessage({})],
  [
    'was delayed or retried, which the broker does not expire',
    incomingMessage({ headers: { 'warren-expires-at': 1 } }),
  ],
  ['has an expiration that is no number', incomingMessage({ expiration: 'soon', headers: { 'warren-expires-at': 1 } })],
  ['was on its way when it expired', expiring(969_500, 30_000)],
  ['was sent by a clock that is ahead', expiring(2_000_000, 30_000)],
])('learns nothing from a message that %s', (_, message) => {
  const { skew } = workerAhead(0);
  skew.observe(message);
  expect(skew.aheadMs).toBe(0);
});

describe('a message that seems to have expired', () => {
  const headers = { 'warren-expires-at': 1_030_000, 'warren-due-at': 1_000_000 };
  const death = { queue: 'warren.delay.00', time: { '!': 'timestamp', value: 1_000 } };
  const delayed = incomingMessage({ headers: { ...headers, 'x-death': [death] } });
  const asked = incomingMessage({ headers: { ...headers, 'x-death': [death], 'warren-expires-at-broker': 1_030_000 } });

  it('is looked up at the broker once, if it was delayed', () => {
    const { skew } = workerAhead(60_000);
    expect(skew.isToAsk(delayed)).toBe(true);
    expect(skew.isProvedExpired(delayed, 1_030_000, 1_060_000)).toBe(false);
    expect(skew.isToAsk(asked)).toBe(false);
    expect(skew.isProvedExpired(asked, 1_030_000, 1_060_000)).toBe(false);
  });

  it.each<[string, IncomingMessage]>([
    ['does not expire', incomingMessage({})],
    ['has headers of its sender alone', incomingMessage({ headers: { 'x-a': 1 } })],
    ['has an expiry that cannot be read', incomingMessage({ headers: { 'warren-expires-at': 'soon' } })],
    ['is measured by the broker', expiring(900_000, 30_000)],
  ])('is not looked up where it %s', (_, message) => {
    expect(workerAhead(60_000).skew.isToAsk(message)).toBe(false);
  });

  it('is not looked up before its time', () => {
    expect(workerAhead(29_999).skew.isToAsk(delayed)).toBe(false);
  });
});

describe('a difference of clocks', () => {
  const fromLadder = (at: number, dueAt: number): IncomingMessage => ({
    ...incomingMessage({
      headers: {
        'warren-due-at': dueAt,
        'x-death': [{ queue: 'warren.delay.00', time: { '!': 'timestamp', value: at } }],
      },
    }),
    exchange: 'warren.delay.deliver',
  });

  /** What is told of messages, each at a time of the worker's clock. */
  const told = (...messages: readonly [at: number, IncomingMessage][]) => {
    let now = 0;
    const seen: string[] = [];
    const skew = new ClockSkew({ now: () => now }, (clocks, aheadMs) => seen.push(`${clocks} ${aheadMs}`));
    for (const [at, message] of messages) {
      now = at;
      skew.observe(message);
    }
    return seen;
  };

  it.each<[string, number, IncomingMessage, string[]]>([
    ['proved by what should have expired', 1_060_000, expiring(1_000_000, 30_000), ['worker-sender 60000']],
    ['below five seconds', 1_004_000, expiring(1_000_000, 0), []],
    ['of a worker behind the broker', 994_000, fromLadder(1_000, 1_000_000), ['worker-broker -6000']],
    ['of a sender ahead of the broker', 1_000_000, fromLadder(1_000, 1_007_000), ['sender-broker 6000']],
    ['that a wait in the queue explains', 9_000_000, fromLadder(1_000, 1_000_000), []],
    ['that a broker which was away explains', 9_000_000, fromLadder(9_000, 1_000_000), []],
  ])('%s', (_, at, message, events) => {
    expect(told([at, message])).toEqual(events);
  });

  it('is told once a minute', () => {
    const message = fromLadder(1_000, 1_007_000);
    expect(told([1_000_000, message], [1_059_999, message])).toHaveLength(1);
    expect(told([1_000_000, message], [1_060_000, message])).toHaveLength(2);
  });
});

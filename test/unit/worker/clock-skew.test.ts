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

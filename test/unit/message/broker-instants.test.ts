import fc from 'fast-check';
import { arrivedAt, boundedMs, brokerInstants, expiresAtBroker, isExpired } from '../../../src/message/broker-instants';
import type { MessageHeaders } from '../../../src/message/wire';
import { incomingMessage } from '../support/incoming-message';

const seconds = (value: unknown) => ({ '!': 'timestamp', value });

/** What the broker writes on a message that comes from the delay ladder at a second. */
const fromLadder = (at: number, headers: MessageHeaders = {}) =>
  incomingMessage({
    headers: { ...headers, 'x-death': [{ queue: 'warren.delay.00', reason: 'expired', time: seconds(at) }] },
  });

describe('when a message came from the delay ladder', () => {
  it('is the time of its last death, in milliseconds', () => {
    const older = { queue: 'warren.delay.03', time: seconds(1) };
    const newest = { queue: 'warren.delay.00', time: seconds(1_000) };
    expect(arrivedAt(incomingMessage({ headers: { 'x-death': [newest, older] } }))).toBe(1_000_000);
  });

  it.each<[string, MessageHeaders | undefined]>([
    ['has no headers', undefined],
    ['has not died', {}],
    ['has a death that is no list', { 'x-death': 'warren.delay.00' }],
    ['has an empty list', { 'x-death': [] }],
    ['has a death that is no table', { 'x-death': [null] }],
    ['died in a queue of its own', { 'x-death': [{ queue: 'emails', time: seconds(1) }] }],
    ['has no time', { 'x-death': [{ queue: 'warren.delay.00' }] }],
    ['has a time that is a text', { 'x-death': [{ queue: 'warren.delay.00', time: seconds('1') }] }],
    ['has a time before all times', { 'x-death': [{ queue: 'warren.delay.00', time: seconds(-1) }] }],
    ['has a time after all times', { 'x-death': [{ queue: 'warren.delay.00', time: seconds(2 ** 60) }] }],
    ['inherits its deaths', { __proto__: { 'x-death': [{ queue: 'warren.delay.00', time: seconds(1) }] } }],
  ])('is unknown of one that %s', (_, headers) => {
    expect(arrivedAt(incomingMessage(headers === undefined ? {} : { headers }))).toBeUndefined();
  });
});

describe('the instants of a copy by the broker’s clock', () => {
  it('follow from its due time, whatever the clock of the worker that made it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(3_600), (aheadMs, waits) => {
        const begun = 10_000_000_000 + aheadMs;
        const headers = { 'warren-first-attempt-at': begun, 'warren-due-at': begun + waits * 1_000 };
        const { firstAttempt } = brokerInstants(fromLadder(10_000_000 + waits, headers));
        expect(firstAttempt).toBe(10_000_000_000);
      }),
    );
  });

  it('are carried along once they are known', () => {
    const headers = {
      'warren-first-attempt-at': 1,
      'warren-first-attempt-at-broker': 7_000,
      'warren-unknown-since': 1,
      'warren-unknown-since-broker': 8_000,
      'warren-due-at': 5,
    };
    expect(brokerInstants(fromLadder(9, headers))).toEqual({
      arrived: 9_000,
      firstAttempt: 7_000,
      unknownSince: 8_000,
    });
  });

  it('are unknown of what did not come from the ladder', () => {
    const headers = { 'warren-first-attempt-at': 1, 'warren-unknown-since': 1, 'warren-due-at': 5 };
    expect(brokerInstants(incomingMessage({ headers }))).toEqual({
      arrived: undefined,
      firstAttempt: undefined,
      unknownSince: undefined,
    });
  });
});

describe('the time that has passed', () => {
  const span = fc.integer({ min: -1e10, max: 1e10 });

  it('is what two clocks say, as long as the broker says nothing', () => {
    fc.assert(fc.property(span, (apparent) => expect(boundedMs(apparent, undefined)).toBe(Math.max(0, apparent))));
  });

  it('is never less than the broker’s clock proves, and three seconds more at most', () => {
    fc.assert(
      fc.property(span, fc.nat(1e10), (apparent, proven) => {
        const passed = boundedMs(apparent, proven);
        expect(passed).toBeGreaterThanOrEqual(proven);
        expect(passed).toBeLessThanOrEqual(proven + 3_000);
      }),
    );
  });

  it('is what two clocks say where they agree with the broker', () => {
    fc.assert(
      fc.property(fc.nat(1e10), fc.nat(3_000), (proven, more) => {
        expect(boundedMs(proven + more, proven)).toBe(proven + more);
      }),
    );
  });
});

describe('a task that seems to have expired', () => {
  const expiry = { 'warren-expires-at': 30_000, 'warren-due-at': 10_000 };

  it.each<[string, ReturnType<typeof incomingMessage>, boolean | undefined]>([
    [
      'was never delayed, and so the broker has let it live',
      incomingMessage({ expiration: '5', headers: expiry }),
      true,
    ],
    ['arrived before', fromLadder(10, expiry), undefined],
    ['arrived after it', fromLadder(30, { ...expiry, 'warren-due-at': 30_000 }), true],
    ['came late, or from a sender that is behind', fromLadder(35, expiry), undefined],
    ['runs alone, or was moved', incomingMessage({ headers: expiry }), undefined],
    ['came back in time', fromLadder(29, { ...expiry, 'warren-expires-at-broker': 30_000 }), false],
    ['came back too late', fromLadder(30, { ...expiry, 'warren-expires-at-broker': 30_000 }), true],
    ['came back and then ran alone', incomingMessage({ headers: { ...expiry, 'warren-expires-at-broker': 1 } }), false],
  ])('%s', (_, message, expired) => {
    expect(isExpired(message, 30_000)).toBe(expired);
  });

  it('lives for as long as its sender gave it, whatever the clock of a sender that is behind', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), (behind, lives) => {
        const due = 2_000_000_000;
        const headers = { 'warren-due-at': due, 'warren-expires-at': due + lives };
        const at = expiresAtBroker(fromLadder(due / 1_000 + behind, headers), due + lives);
        expect(at).toBe(due + behind * 1_000 + lives);
      }),
    );
  });

  it('lives no shorter for a sender that is ahead', () => {
    expect(expiresAtBroker(fromLadder(1, expiry), 30_000)).toBe(30_000);
  });
});

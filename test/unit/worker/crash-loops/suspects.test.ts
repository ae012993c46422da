import type { Delivery } from '../../../../src/broker/broker';
import type { MessageHeaders } from '../../../../src/message/wire';
import { crashesBefore, crashesBeforeIsolation, isSuspect } from '../../../../src/worker/crash-loops/suspects';
import { incomingMessage } from '../../support/incoming-message';

const delivered = (deliveryCount: number, headers?: MessageHeaders): Delivery => ({
  ...incomingMessage({ headers }),
  queue: 'emails',
  deliveryCount,
  live: true,
  overdue: false,
  ack: () => true,
  requeue: () => true,
  reject: () => true,
});

it.each([
  [0, 3, false],
  [1, 3, false],
  [2, 3, true],
  [7, 3, true],
  [0, 2, false],
  [1, 2, true],
])('after %i counted deaths of %i allowed, a message is a suspect: %s', (count, maxCrashes, suspected) => {
  expect(isSuspect(delivered(count), maxCrashes)).toBe(suspected);
});

it('gives everybody one run alone, however many deaths were counted beside others', () => {
  for (const count of [2, 3, 19]) expect(crashesBeforeIsolation(delivered(count), 3)).toBe(2);
});

it.each([undefined, {}, { 'warren-crashes': -1 }, { 'warren-crashes': '9' }, { 'warren-crashes': 1e9 }])(
  'takes a message without a usable count for a suspect like any other: %j',
  (headers) => {
    expect(crashesBefore(delivered(0, headers))).toBe(1);
  },
);

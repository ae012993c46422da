import fc from 'fast-check';
import { DAY, MINUTE, SECOND } from '../../../src/time/duration';
import { ackLimit, ackTimeoutArgument, longestUnsettledMs } from '../../../src/topology/ack-timeout';

const PUBLISH_MS = 15 * SECOND;

it.each([
  ['one task at a time', { concurrency: 10, prefetch: 10 }, [MINUTE, 15 * MINUTE], 15 * MINUTE + 75 * SECOND],
  ['those that wait in the process', { concurrency: 10, prefetch: 25 }, [MINUTE], 3 * (MINUTE + 75 * SECOND)],
  ['a queue without tasks', { concurrency: 1, prefetch: 1 }, [], 75 * SECOND],
])('a delivery may be out as long as it waits, runs and is settled: %s', (_, slots, timeouts, expected) => {
  expect(longestUnsettledMs(slots, timeouts, PUBLISH_MS)).toBe(expected);
});

it('a task without a timeout has no limit, which the broker is told as seven weeks', () => {
  const longestMs = longestUnsettledMs({ concurrency: 1, prefetch: 1 }, [MINUTE, 0], PUBLISH_MS);
  expect(longestMs).toBe(Number.POSITIVE_INFINITY);
  expect(ackTimeoutArgument(longestMs)).toBe(49 * DAY);
  expect(ackTimeoutArgument(MINUTE)).toBe(MINUTE);
});

it('the broker is told a whole number, never a shorter time', () => {
  expect(ackTimeoutArgument(100_000 / 3)).toBe(33_334);
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 49 * DAY, noNaN: true }), (longestMs) => {
      const told = ackTimeoutArgument(longestMs);
      expect(Number.isInteger(told)).toBe(true);
      expect(told).toBeGreaterThanOrEqual(longestMs);
    }),
  );
});

it.each([
  ['3.10.8', 'quorum', 'by-broker'],
  ['4.2.9', 'quorum', 'by-broker'],
  ['4.2.9', 'classic', 'by-broker'],
  ['4.3.0', 'quorum', 'by-consumer'],
  ['4.3.6', 'classic', 'none'],
  ['5.0.0', 'quorum', 'by-consumer'],
  ['unknown', 'quorum', 'by-broker'],
] as const)('RabbitMQ %s limits the deliveries of a %s queue %s', (version, type, limit) => {
  expect(ackLimit(version, type)).toBe(limit);
});

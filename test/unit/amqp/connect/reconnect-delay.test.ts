import fc from 'fast-check';
import { reconnectDelay } from '../../../../src/amqp/connect/reconnect-delay';

const LAST = 1 - Number.EPSILON;

it('doubles its cap from 50 ms to 1.5 s where the broker is away', () => {
  const caps = [0, 1, 2, 3, 4, 5, 6, 1_000].map((attempt) => Math.round(reconnectDelay(attempt, 'unreachable', LAST)));
  expect(caps).toEqual([50, 100, 200, 400, 800, 1_500, 1_500, 1_500]);
});

it.each(['credentials', 'no-credentials', 'vhost', 'tls'] as const)(
  'asks again within 10 s where the broker refuses: %s',
  (reason) => {
    expect(Math.round(reconnectDelay(20, reason, LAST))).toBe(10_000);
  },
);

it.each(['unreachable', 'timeout', 'protocol', undefined] as const)(
  'asks again within 1.5 s otherwise: %s',
  (reason) => {
    expect(Math.round(reconnectDelay(20, reason, LAST))).toBe(1_500);
  },
);

it('spreads over everything under the cap, and never beyond', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: LAST, noNaN: true }), (attempt, random) => {
      const delay = reconnectDelay(attempt, undefined, random);
      expect(delay).toBeCloseTo(random * reconnectDelay(attempt, undefined, 1));
      expect(delay).toBeLessThanOrEqual(1_500);
    }),
  );
});

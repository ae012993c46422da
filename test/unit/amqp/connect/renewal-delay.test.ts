import fc from 'fast-check';
import { renewalDelay } from '../../../../src/amqp/connect/secret-renewal';

it('comes when 70 to 80 % of the time is over, so that processes that began together do not all ask at once', () => {
  expect(renewalDelay(1_100_000, 1_000_000, 0)).toBeCloseTo(70_000);
  expect(renewalDelay(1_100_000, 1_000_000, 0.999)).toBeCloseTo(79_990);
});

it('is a delay that a timer takes, even for what has expired or lives for years', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.double({ min: 0, max: 0.99, noNaN: true }), (expiresAt, now, random) => {
      const delay = renewalDelay(expiresAt, now, random);
      expect(delay).toBeGreaterThanOrEqual(100);
      expect(delay).toBeLessThan(2 ** 31);
    }),
  );
});

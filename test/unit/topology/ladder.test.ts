import fc from 'fast-check';
import {
  DELAY_LEVELS,
  DELAY_UNIT_MS,
  delayUnits,
  homeBindingKey,
  MAX_DELAY_MS,
  roundUpToSignificantBits,
  route,
} from '../../../src/topology/ladder';

const MAX_UNITS = 2 ** 31 - 1;
const units = fc.oneof(fc.integer({ min: 1, max: MAX_UNITS }), fc.integer({ min: 1, max: 5_000 }));
const setBits = (value: number): number => value.toString(2).replaceAll('0', '').length;

it('waits in units of 125 ms, for up to 8.5 years', () => {
  expect(DELAY_UNIT_MS).toBe(125);
  expect(DELAY_LEVELS).toBe(31);
  expect(MAX_DELAY_MS).toBe(268_435_455_875);
  expect(MAX_DELAY_MS / (365.25 * 24 * 3_600_000)).toBeCloseTo(8.5, 1);
});

describe('delayUnits', () => {
  it.each([
    [0, 0],
    [0.001, 1],
    [1, 1],
    [125, 1],
    [125.5, 2],
    [126, 2],
    [1_000, 8],
    [90_000, 720],
    [MAX_DELAY_MS, MAX_UNITS],
  ])('%s ms are %s units', (delayMs, expected) => {
    expect(delayUnits(delayMs)).toBe(expected);
  });

  it('never comes early, and never a whole unit late', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DELAY_MS }), (delayMs) => {
        const late = delayUnits(delayMs) * DELAY_UNIT_MS - delayMs;
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThan(DELAY_UNIT_MS);
      }),
    );
  });

  it.each([-1, -0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, MAX_DELAY_MS + 1, 2 ** 53])(
    'refuses %s ms',
    (delayMs) => {
      expect(() => delayUnits(delayMs)).toThrow(RangeError);
      expect(() => route('emails', delayMs, 'exact')).toThrow(`A delay must be 0 to 268435455875 ms, got ${delayMs}.`);
      expect(() => route('emails', delayMs, 'rounded')).toThrow(RangeError);
    },
  );
});

describe('roundUpToSignificantBits', () => {
  it.each([
    [0, 3, 0],
    [7, 3, 7],
    [8, 3, 8],
    [9, 3, 10],
    [80, 3, 80],
    [81, 3, 96],
    [113, 3, 128],
    [5, 1, 8],
    [MAX_UNITS, 31, MAX_UNITS],
    [7 * 2 ** 28, 3, 7 * 2 ** 28],
    [7 * 2 ** 28 + 1, 3, MAX_UNITS],
    [2 ** 30 + 1, 1, MAX_UNITS],
  ])('%s with %s bits is %s', (value, bits, expected) => {
    expect(roundUpToSignificantBits(value, bits)).toBe(expected);
  });

  it('gives the smallest number with so few significant bits, within the range', () => {
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 31 }), (value, bits) => {
        const rounded = roundUpToSignificantBits(value, bits);
        const width = value.toString(2).length;
        const step = 2 ** Math.max(0, width - bits);
        expect(rounded).toBeGreaterThanOrEqual(value);
        expect(rounded - value).toBeLessThan(step);
        expect(rounded % step === 0 || rounded === MAX_UNITS).toBe(true);
        expect(rounded).toBeLessThanOrEqual(MAX_UNITS);
      }),
    );
  });
});

describe('route', () => {
  const zeros = (count: number): string => '0.'.repeat(count);

  it('publishes straight to the home queue where there is no delay', () => {
    expect(route('emails', 0, 'exact')).toEqual({ exchange: '', routingKey: 'emails' });
    expect(route('emails', 0, 'rounded')).toEqual({ exchange: '', routingKey: 'emails' });
  });

  it.each([
    [1, `${zeros(30)}1.`],
    [125, `${zeros(30)}1.`],
    [250, `${zeros(29)}1.0.`],
    [1_125, `${zeros(27)}1.0.0.1.`],
    [125 * 2 ** 30, `1.${zeros(30)}`],
    [MAX_DELAY_MS, '1.'.repeat(31)],
  ])('writes a delay of exactly %s ms as %s, highest bit first', (delayMs, bits) => {
    expect(route('orders.eu', delayMs, 'exact')).toEqual({
      exchange: 'warren.delay.enter',
      routingKey: `${bits}orders.eu`,
    });
  });

  it('rounds a retry up to three significant bits', () => {
    expect(route('emails', 1_125, 'rounded')).toEqual(route('emails', 1_250, 'exact'));
    expect(route('emails', 1_000, 'rounded')).toEqual(route('emails', 1_000, 'exact'));
  });

  it('makes a retry at most three hops and less than a quarter longer, up to seven years', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 * 2 ** 28 }), (exact) => {
        const waited = unitsOf(route('emails', exact * DELAY_UNIT_MS, 'rounded').routingKey);
        expect(setBits(waited)).toBeLessThanOrEqual(3);
        expect(waited).toBeGreaterThanOrEqual(exact);
        expect(waited).toBeLessThan(exact * 1.25);
      }),
    );
  });

  it('writes the units in 31 bits, and ends with the home queue', () => {
    fc.assert(
      fc.property(units, (exact) => {
        const { routingKey } = route('emails', exact * DELAY_UNIT_MS, 'exact');
        expect(routingKey).toMatch(/^([01]\.){31}emails$/);
        expect(unitsOf(routingKey)).toBe(exact);
      }),
    );
  });

  const unitsOf = (routingKey: string): number => Number.parseInt(routingKey.split('.').slice(0, 31).join(''), 2);

  it('fits the longest queue name into the 255 bytes of a routing key', () => {
    const longest = 'q'.repeat(190);
    expect(Buffer.byteLength(route(longest, MAX_DELAY_MS, 'exact').routingKey)).toBe(252);
    expect(Buffer.byteLength(homeBindingKey(longest))).toBe(252);
  });
});

it('binds a home queue with any 31 bits before its name', () => {
  expect(homeBindingKey('orders.eu')).toBe('*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.orders.eu');
});

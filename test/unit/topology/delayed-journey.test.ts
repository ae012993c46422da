import fc from 'fast-check';
import {
  DELAY_LEVELS,
  DELAY_UNIT_MS,
  type DelayPrecision,
  delayUnits,
  MAX_DELAY_MS,
  roundUpToSignificantBits,
  route,
} from '../../../src/topology/ladder';
import { delayLevelName } from '../../../src/topology/names';
import { planTopology } from '../../../src/topology/plan';
import { homeQueue } from './home-queue';
import { simulate } from './simulated-broker';

const LONGEST = `long.${'x'.repeat(185)}`;
// Names that end, begin or look like each other, or like a key's bits.
const HOMES = [
  'eu',
  'orders.eu',
  'orders',
  'eu.orders',
  'a.orders.eu',
  '1',
  '0.1',
  '1.eu',
  '.eu',
  'eu.',
  'a..b',
  LONGEST,
];
const broker = simulate(planTopology({ queues: HOMES.map((name) => homeQueue(name)) }));

const delays = fc.oneof(
  fc.integer({ min: 1, max: MAX_DELAY_MS }),
  fc.integer({ min: 1, max: 600_000 }),
  fc.nat({ max: 30 }).map((level) => DELAY_UNIT_MS * 2 ** level),
);

function send(queue: string, delayMs: number, precision: DelayPrecision = 'exact') {
  const { exchange, routingKey } = route(queue, delayMs, precision);
  return broker(exchange, routingKey);
}

it('ends in its home queue and in no other, whatever the names look like', () => {
  fc.assert(
    fc.property(fc.constantFrom(...HOMES), delays, fc.constantFrom('exact', 'rounded'), (queue, delayMs, precision) => {
      expect(send(queue, delayMs, precision).arrivals).toEqual([queue]);
    }),
  );
});

it('waits its units of 125 ms, with one hop for each set bit', () => {
  fc.assert(
    fc.property(delays, (delayMs) => {
      const units = delayUnits(delayMs);
      const { waitedMs, hops } = send('orders.eu', delayMs);
      expect(waitedMs).toBe(units * DELAY_UNIT_MS);
      expect(hops).toHaveLength(units.toString(2).replaceAll('0', '').length);
    }),
  );
});

it('waits the rounded units where it is a retry', () => {
  fc.assert(
    fc.property(delays, (delayMs) => {
      const units = roundUpToSignificantBits(delayUnits(delayMs), 3);
      expect(send('orders.eu', delayMs, 'rounded').waitedMs).toBe(units * DELAY_UNIT_MS);
    }),
  );
});

it('goes down the levels of its set bits, the longest first', () => {
  expect(send('eu', 1_625)).toEqual({
    hops: ['warren.delay.03', 'warren.delay.02', 'warren.delay.00'],
    waitedMs: 1_625,
    arrivals: ['eu'],
  });
});

it('takes all 31 levels for the longest delay', () => {
  const { hops, waitedMs, arrivals } = send(LONGEST, MAX_DELAY_MS);
  expect([hops.length, waitedMs, arrivals]).toEqual([31, MAX_DELAY_MS, [LONGEST]]);
});

it('goes to the home queue at once where there is no delay', () => {
  expect(send('eu', 0)).toEqual({ hops: [], waitedMs: 0, arrivals: ['eu'] });
});

it.each(['gone', 'orders.gone', 'gone.eu', 'e', 'eu.dead', '0', ''])(
  'is parked where people see it when there is no home queue "%s"',
  (queue) => {
    expect(send(queue, 1_000)).toEqual({
      hops: ['warren.delay.03'],
      waitedMs: 1_000,
      arrivals: ['warren.delay.unrouted'],
    });
  },
);

it.each(Array.from({ length: DELAY_LEVELS }, (_, level) => delayLevelName(level)))(
  'parks what was sent to the queue "%s" by its name',
  (level) => {
    expect(broker('', level)).toMatchObject({ hops: [level], arrivals: ['warren.delay.unrouted'] });
  },
);

it('loses no message on the ladder, whatever its key and wherever it comes in', () => {
  const word = fc.constantFrom('0', '1', '2', '', '00', 'eu', 'orders', 'warren', '#', '*');
  const keys = fc.array(word, { maxLength: 40 }).map((words) => words.join('.'));
  fc.assert(
    fc.property(fc.nat({ max: DELAY_LEVELS - 1 }), keys, (level, key) => {
      const { arrivals } = broker(delayLevelName(level), key);
      expect(arrivals).toHaveLength(1);
      expect([...HOMES, 'warren.delay.unrouted']).toContain(arrivals[0]);
    }),
  );
});

it('brings a dead letter to the dead-letter queue of its home', () => {
  expect(broker('warren.dead', 'orders.eu').arrivals).toEqual(['orders.eu.dead']);
});

import fc from 'fast-check';
import { latestTicks, tickAfter } from '../../../src/recurrence/ticks';
import type { Recurrence } from '../../../src/task/schedule';

const cron = (expression: string, timeZone = 'UTC', bounds: Partial<Recurrence> = {}): Recurrence => ({
  rule: { kind: 'cron', cron: expression, timeZone },
  startAt: undefined,
  endAt: undefined,
  ...bounds,
});
const every = (everyMs: number, bounds: Partial<Recurrence> = {}): Recurrence => ({
  rule: { kind: 'every', everyMs },
  startAt: undefined,
  endAt: undefined,
  ...bounds,
});
const at = (iso: string): number => Date.parse(iso);
const iso = (instants: readonly number[]): readonly string[] =>
  instants.map((instant) => new Date(instant).toISOString().replace('.000Z', 'Z'));

function following(recurrence: Recurrence, from: string, count: number): readonly number[] {
  const ticks: number[] = [];
  let after: number | undefined = at(from);
  while (ticks.length < count) {
    after = tickAfter(recurrence, after);
    if (after === undefined) break;
    ticks.push(after);
  }
  return ticks;
}

/**
 * The expected instants come from another implementation: Python 3's zoneinfo, which was asked for the instants at which
 * the clocks of a zone show a time. A time named in the expression counts once a day: the first of two; where clocks
 * leave it out, the first minute after. A wildcard counts real minutes.
 */
describe.each<[string, string, string, string, readonly string[]]>([
  [
    'a time that spring leaves out',
    '30 2 * * *',
    'Europe/Berlin',
    '2026-03-28T00:00:00Z',
    ['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
  ],
  [
    'a time that autumn has twice',
    '30 2 * * *',
    'Europe/Berlin',
    '2026-10-24T00:00:00Z',
    ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  ],
  [
    'the same in New York, in spring',
    '30 2 * * *',
    'America/New_York',
    '2026-03-07T00:00:00Z',
    ['2026-03-07T07:30:00Z', '2026-03-08T07:00:00Z', '2026-03-09T06:30:00Z'],
  ],
  [
    'and in autumn',
    '30 1 * * *',
    'America/New_York',
    '2026-10-31T00:00:00Z',
    ['2026-10-31T05:30:00Z', '2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z'],
  ],
  [
    'clocks that go back by half an hour',
    '15,45 1 * * *',
    'Australia/Lord_Howe',
    '2026-04-03T00:00:00Z',
    [
      '2026-04-03T14:15:00Z',
      '2026-04-03T14:45:00Z',
      '2026-04-04T14:15:00Z',
      '2026-04-04T14:45:00Z',
      '2026-04-05T14:45:00Z',
      '2026-04-05T15:15:00Z',
    ],
  ],
  [
    'clocks that go forward by half an hour',
    '15,45 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-02T00:00:00Z',
    [
      '2026-10-02T15:45:00Z',
      '2026-10-02T16:15:00Z',
      '2026-10-03T15:30:00Z',
      '2026-10-03T15:45:00Z',
      '2026-10-04T15:15:00Z',
      '2026-10-04T15:45:00Z',
    ],
  ],
  [
    'every hour through autumn',
    '0 * * * *',
    'Europe/Berlin',
    '2026-10-24T23:30:00Z',
    ['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z', '2026-10-25T03:00:00Z'],
  ],
  [
    'every hour through spring',
    '0 * * * *',
    'Europe/Berlin',
    '2026-03-28T23:30:00Z',
    ['2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z', '2026-03-29T03:00:00Z'],
  ],
  [
    'every half hour through a change of half an hour',
    '*/30 * * * *',
    'Australia/Lord_Howe',
    '2026-04-04T13:50:00Z',
    [
      '2026-04-04T14:00:00Z',
      '2026-04-04T14:30:00Z',
      '2026-04-04T15:00:00Z',
      '2026-04-04T15:30:00Z',
      '2026-04-04T16:00:00Z',
    ],
  ],
  [
    'a zone of half hours',
    '0 12 * * *',
    'Asia/Kolkata',
    '2026-01-15T00:00:00Z',
    ['2026-01-15T06:30:00Z', '2026-01-16T06:30:00Z'],
  ],
  [
    'a zone of quarter hours',
    '15 6 * * *',
    'Asia/Kathmandu',
    '2026-06-01T00:00:00Z',
    ['2026-06-01T00:30:00Z', '2026-06-02T00:30:00Z'],
  ],
  [
    'a zone of half hours that changes',
    '0 0 * * *',
    'America/St_Johns',
    '2026-03-07T00:00:00Z',
    ['2026-03-07T03:30:00Z', '2026-03-08T03:30:00Z', '2026-03-09T02:30:00Z'],
  ],
  [
    'a day that has no midnight',
    '0 0 * * *',
    'Asia/Beirut',
    '2026-03-27T12:00:00Z',
    ['2026-03-27T22:00:00Z', '2026-03-28T22:00:00Z', '2026-03-29T21:00:00Z'],
  ],
  [
    'leap days',
    '0 3 29 2 *',
    'UTC',
    '2026-01-01T00:00:00Z',
    ['2028-02-29T03:00:00Z', '2032-02-29T03:00:00Z', '2036-02-29T03:00:00Z'],
  ],
  [
    'the last day of each month',
    '0 4 L * *',
    'UTC',
    '2027-01-15T00:00:00Z',
    ['2027-01-31T04:00:00Z', '2027-02-28T04:00:00Z', '2027-03-31T04:00:00Z', '2027-04-30T04:00:00Z'],
  ],
])('%s', (_what, expression, timeZone, from, expected) => {
  it(`has the instants of an independent table, "${expression}" in ${timeZone}`, () => {
    expect(iso(following(cron(expression, timeZone), from, expected.length))).toEqual(expected);
  });

  it('has the same ones backwards', () => {
    const last = at(expected.at(-1) ?? '');
    expect(iso(latestTicks(cron(expression, timeZone), at(from), last, 100))).toEqual(expected);
  });
});

describe('the next tick', () => {
  it.each([
    ['counts intervals from 1970', every(300_000), '2026-01-01T00:01:00Z', '2026-01-01T00:05:00Z'],
    ['is after the instant, never at it', every(300_000), '2026-01-01T00:05:00Z', '2026-01-01T00:10:00Z'],
    [
      'counts intervals from the start',
      every(300_000, { startAt: at('2026-01-01T00:02:00Z') }),
      '2026-01-01T00:06:00Z',
      '2026-01-01T00:07:00Z',
    ],
    [
      'may be the start itself',
      every(300_000, { startAt: at('2026-01-01T00:02:00Z') }),
      '2025-01-01T00:00:00Z',
      '2026-01-01T00:02:00Z',
    ],
    [
      'of an expression may be its start',
      cron('0 3 * * *', 'UTC', { startAt: at('2026-05-01T03:00:00Z') }),
      '2025-01-01T00:00:00Z',
      '2026-05-01T03:00:00Z',
    ],
    [
      'of an expression is not before its start',
      cron('0 3 * * *', 'UTC', { startAt: at('2026-05-01T03:00:01Z') }),
      '2025-01-01T00:00:00Z',
      '2026-05-02T03:00:00Z',
    ],
  ])('%s', (_what, recurrence, after, expected) => {
    expect(iso([tickAfter(recurrence, at(after)) ?? 0])).toEqual([expected]);
  });

  it('may be the end, and there is none after it', () => {
    const recurrence = every(60_000, { endAt: at('2026-01-01T00:01:00Z') });
    expect(iso(following(recurrence, '2026-01-01T00:00:00Z', 3))).toEqual(['2026-01-01T00:01:00Z']);
  });
});

describe('the latest ticks', () => {
  it('are those after one instant and up to another, oldest first', () => {
    const ticks = latestTicks(every(1_000), at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:03Z'), 10);
    expect(iso(ticks)).toEqual(['2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z', '2026-01-01T00:00:03Z']);
  });

  it('are no more than the limit, however long ago the first was', () => {
    const ticks = latestTicks(every(1_000), 0, at('2026-01-01T00:00:00Z'), 2);
    expect(iso(ticks)).toEqual(['2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z']);
  });

  it('keep to start and end', () => {
    const bounds = { startAt: at('2026-01-01T00:00:02Z'), endAt: at('2026-01-01T00:00:04Z') };
    const ticks = latestTicks(every(1_000, bounds), 0, at('2026-02-01T00:00:00Z'), 10);
    expect(iso(ticks)).toEqual(['2026-01-01T00:00:02Z', '2026-01-01T00:00:03Z', '2026-01-01T00:00:04Z']);
  });

  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Africa/Casablanca',
  ];
  const expressions = ['0 * * * *', '30 2 * * *', '*/20 1-3 * * *', '0,30 2,3 * * *', '15 0 L * *', '*/7 * * * * *'];
  it('are those that come one after the other, in any zone around any day', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...expressions),
        fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2028, 0, 1) }),
        (zone, expression, from) => {
          const forward = following(cron(expression, zone), new Date(from).toISOString(), 8);
          expect(latestTicks(cron(expression, zone), from, forward.at(-1) ?? 0, 8)).toEqual(forward);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of every zone and year: a daily time happens once on each day of the calendar', () => {
    for (const zone of zones) {
      const ticks = following(cron('30 2 * * *', zone), '2025-12-31T23:59:59Z', 730);
      const days = ticks.map((tick) => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(tick));
      expect(new Set(days).size).toBe(730);
      // Not a day is left out: 730 days lie between the first and the last, give or take the clocks.
      expect(Math.round(((ticks.at(-1) ?? 0) - (ticks[0] ?? 0)) / 86_400_000)).toBe(729);
    }
  });
});

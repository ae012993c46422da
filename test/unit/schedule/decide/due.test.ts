import { dueTicks } from '../../../../src/schedule/decide/due';
import { newEntry, type ScheduleEntry } from '../../../../src/schedule/state/state';
import { at, stored } from '../stored';

const GRACE = 60_000;
const entryOf = (said: Parameters<typeof stored>[0], position: string, more: Partial<ScheduleEntry> = {}) => ({
  ...newEntry(stored(said), 'code', at(position)),
  ...more,
});
const times = (ticks: readonly { readonly at: number }[]): readonly string[] =>
  ticks.map((tick) => new Date(tick.at).toISOString().slice(11, 19));

describe('the ticks of an entry', () => {
  it('are those since the last one, with ids of their own', () => {
    const due = dueTicks(entryOf({}, '00:00:00'), at('00:01:00'), GRACE);
    expect(due.ticks).toMatchObject([{ id: 'minutely@2026-01-01T00:01:00.000Z', at: at('00:01:00') }]);
    expect(due.entry).toMatchObject({ position: at('00:01:00'), lastTick: at('00:01:00') });
    expect(dueTicks(due.entry, at('00:01:59'), GRACE)).toEqual({ entry: due.entry, ticks: [], skipped: [] });
  });

  it('are not made again when the clock goes back, and none is left out when it comes back', () => {
    const { entry } = dueTicks(entryOf({}, '00:00:00'), at('00:10:00'), GRACE);
    const back = dueTicks(entry, at('00:05:00'), GRACE);
    expect(back.ticks).toEqual([]);
    expect(times(dueTicks(back.entry, at('00:11:00'), GRACE).ticks)).toEqual(['00:11:00']);
  });

  it.each(['skip', 'last', 'all'] as const)('are all made that are only late, with catchUp: %p', (catchUp) => {
    const entry = entryOf({ catchUp, rule: { kind: 'every', everyMs: 10_000 } }, '00:00:00');
    const due = dueTicks(entry, at('00:00:35'), GRACE);
    expect(times(due.ticks)).toEqual(['00:00:10', '00:00:20', '00:00:30']);
    expect(due.skipped).toEqual([]);
  });

  it('that are late by as much as leaders may take to change are late, not missed', () => {
    const entry = entryOf({ catchUp: 'skip', rule: { kind: 'every', everyMs: 3_600_000 } }, '00:00:00');
    expect(times(dueTicks(entry, at('01:01:00'), GRACE).ticks)).toEqual(['01:00:00']);
    expect(dueTicks(entry, at('01:01:01'), GRACE).ticks).toEqual([]);
  });
});

describe('ticks that were missed', () => {
  const hourly = { rule: { kind: 'every', everyMs: 3_600_000 } } as const;

  it('are left out and told with catchUp: "skip"', () => {
    const due = dueTicks(entryOf({ ...hourly, catchUp: 'skip' }, '00:00:00'), at('05:30:00'), GRACE);
    expect(due.ticks).toEqual([]);
    expect(due.entry).toMatchObject({ position: at('05:00:00'), lastTick: undefined });
    expect(due.skipped).toEqual([{ name: 'minutely', reason: 'missed', from: at('01:00:00'), until: at('05:00:00') }]);
  });

  it('are made up for by the latest with catchUp: "last"', () => {
    const due = dueTicks(entryOf({ ...hourly, catchUp: 'last' }, '00:00:00'), at('05:30:00'), GRACE);
    expect(times(due.ticks)).toEqual(['05:00:00']);
    expect(due.skipped).toMatchObject([{ from: at('01:00:00'), until: at('05:00:00') - 1 }]);
  });

  it('are made up for by one that is only late', () => {
    const due = dueTicks(entryOf({ ...hourly, catchUp: 'last' }, '00:00:00'), at('05:00:30'), GRACE);
    expect(times(due.ticks)).toEqual(['05:00:00']);
  });

  it('are made one by one with catchUp: "all", up to the limit', () => {
    const entry = entryOf({ ...hourly, catchUp: 'all', catchUpLimit: 3 }, '00:00:00');
    const due = dueTicks(entry, at('05:30:00'), GRACE);
    expect(times(due.ticks)).toEqual(['03:00:00', '04:00:00', '05:00:00']);
    expect(due.skipped).toMatchObject([{ from: at('01:00:00'), until: at('03:00:00') - 1 }]);
  });

  it('of years are not counted one by one', () => {
    const secondly = { rule: { kind: 'every', everyMs: 1_000 } } as const;
    // Two billion of them: one by one, they would outlast the test.
    const due = dueTicks({ ...entryOf(secondly, '00:00:00'), position: 0 }, at('00:00:00'), GRACE);
    expect(due.ticks).toHaveLength(61);
  });

  it('while it was paused, or has no tick any more, are none', () => {
    expect(dueTicks(entryOf(hourly, '00:00:00', { paused: true }), at('05:30:00'), GRACE).ticks).toEqual([]);
    expect(dueTicks(entryOf(hourly, '00:00:00', { dormantSince: 1 }), at('05:30:00'), GRACE).ticks).toEqual([]);
    expect(dueTicks(entryOf({ ...hourly, endAt: at('00:30:00') }, '00:00:00'), at('05:30:00'), GRACE).ticks).toEqual(
      [],
    );
  });
});

describe('with overlap: "skip"', () => {
  const skipping = { overlap: 'skip', overlapTimeoutMs: 300_000 } as const;

  it('a tick is left out while the run before it has not ended', () => {
    const first = dueTicks(entryOf(skipping, '00:00:00'), at('00:01:00'), GRACE);
    expect(first.entry.awaited).toEqual({ id: 'minutely@2026-01-01T00:01:00.000Z', at: at('00:01:00') });
    const second = dueTicks(first.entry, at('00:02:00'), GRACE);
    expect(second.ticks).toEqual([]);
    expect(second.skipped).toMatchObject([{ reason: 'overlap', from: at('00:02:00'), until: at('00:02:00') }]);
    expect(second.entry).toMatchObject({ position: at('00:02:00'), lastTick: at('00:01:00') });
    expect(dueTicks({ ...second.entry, awaited: undefined }, at('00:03:00'), GRACE).ticks).toHaveLength(1);
  });

  it('a run of which nobody tells the end counts as ended after a while', () => {
    const awaited = { id: 'minutely@x', at: at('00:01:00') };
    const lost = entryOf(skipping, '00:05:00', { awaited });
    expect(dueTicks(lost, at('00:06:00'), GRACE).ticks).toHaveLength(1);
  });

  it('of several that are late, the first runs', () => {
    const due = dueTicks(
      entryOf({ ...skipping, rule: { kind: 'every', everyMs: 10_000 } }, '00:00:00'),
      at('00:00:30'),
      GRACE,
    );
    expect(times(due.ticks)).toEqual(['00:00:10']);
    expect(due.skipped).toEqual([{ name: 'minutely', reason: 'overlap', from: at('00:00:20'), until: at('00:00:30') }]);
  });

  it('a clock that went back far does not keep it waiting', () => {
    const awaited = { id: 'minutely@x', at: at('23:00:00') };
    expect(dueTicks(entryOf(skipping, '00:05:00', { awaited }), at('00:06:00'), GRACE).ticks).toHaveLength(1);
  });
});

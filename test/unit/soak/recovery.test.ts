import { percentile, recoveries } from '../../soak/recovery';

const fault = (kind: 'reset' | 'broker killed', healedAt: number) => ({ kind, target: 'x', brokenAt: 0, healedAt });

describe('the recovery after faults', () => {
  it('is the time until each worker completes something again, by kind of fault', () => {
    const completions: Record<string, readonly number[]> = { a: [50, 100, 260], b: [110, 290] };
    const table = recoveries(
      [fault('reset', 100), fault('broker killed', 200)],
      ['a', 'b'],
      (slot) => completions[slot] ?? [],
    );
    expect(table).toEqual([
      { kind: 'broker killed', faults: 1, p50Ms: 60, p99Ms: 90, maxMs: 90, never: 0 },
      { kind: 'reset', faults: 1, p50Ms: 0, p99Ms: 10, maxMs: 10, never: 0 },
    ]);
  });

  it('counts a worker that completes nothing more', () => {
    const [row] = recoveries([fault('reset', 100)], ['a', 'b'], (slot) => (slot === 'a' ? [120] : [90]));
    expect(row).toMatchObject({ maxMs: 20, never: 1 });
  });
});

describe('a percentile', () => {
  it.each([
    [0.5, 2],
    [0.99, 4],
    [1, 4],
    [0, 1],
  ])('%d of 1, 2, 3, 4 is %d', (share, value) => {
    expect(percentile([1, 2, 3, 4], share)).toBe(value);
  });

  it('of nothing is no number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

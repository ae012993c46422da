import { beginsAllowed, mostInOneSecond } from '../../soak/hot-loops';

const at = (...times: readonly number[]) => times.map((time) => ({ slot: 'worker-1', attempt: 1, at: time }));

describe('the most runs in one second', () => {
  it('are none of a task that never ran', () => {
    expect(mostInOneSecond([])).toBe(0);
  });

  it('are counted in a window that moves, of less than a second', () => {
    expect(mostInOneSecond(at(0, 1_000, 2_000))).toBe(1);
    expect(mostInOneSecond(at(0, 900, 1_100, 1_800, 3_000))).toBe(3);
  });
});

describe('the runs that are allowed in one second', () => {
  it('are more for a task that retries than for one that completes, and never many', () => {
    expect(beginsAllowed('completes')).toBe(6);
    expect(beginsAllowed('snoozes')).toBe(8);
    expect(beginsAllowed('exhausts')).toBe(10);
  });
});

import { destinyOf, idOf, indexOf, MAX_ATTEMPTS, planTask } from '../../soak/task-plan';

const plans = (seed: number, count: number) => Array.from({ length: count }, (_, index) => planTask(seed, index));

describe('the plan of a task', () => {
  it('is the same for the same seed and index, whoever asks and in whatever order', () => {
    const forwards = plans(7, 200);
    const backwards = Array.from({ length: 200 }, (_, i) => planTask(7, 199 - i)).reverse();
    expect(backwards).toEqual(forwards);
  });

  it('is another one for another seed', () => {
    expect(plans(7, 200)).not.toEqual(plans(8, 200));
  });

  it('brings every kind of task into ten thousands of them, most of which complete at once', () => {
    const kinds = plans(7, 50_000).map(({ kind }) => kind);
    const share = (kind: string): number => kinds.filter((each) => each === kind).length / kinds.length;
    expect(new Set(kinds).size).toBe(10);
    expect(share('completes')).toBeGreaterThan(0.7);
    expect(share('exhausts')).toBeCloseTo(0.015, 2);
    expect(share('crashes')).toBeLessThan(0.001);
  });

  it('lets a task that completes in the end fail fewer times than it has attempts', () => {
    const failing = plans(7, 20_000).filter(({ kind }) => kind === 'fails-then-completes');
    expect(Math.min(...failing.map(({ failures }) => failures))).toBe(1);
    expect(Math.max(...failing.map(({ failures }) => failures))).toBe(MAX_ATTEMPTS - 1);
  });
});

describe('the destiny of a task', () => {
  it.each([
    ['exhausts', 'dead-lettered'],
    ['gives-up', 'dead-lettered'],
    ['discards', 'discarded'],
    ['snoozes', 'completed'],
    ['crashes', 'completed'],
  ] as const)('that %s is to be %s', (kind, destiny) => {
    expect(destinyOf(kind)).toBe(destiny);
  });
});

describe('the id of a task', () => {
  it('tells its index', () => {
    expect(indexOf(idOf(4_711))).toBe(4_711);
  });

  it.each([['other-1'], ['soak-x'], ['soak--1'], ['soak-1.5'], [undefined], [7]])(
    'that is %p is none of the soak',
    (id) => {
      expect(indexOf(id)).toBeUndefined();
    },
  );
});

import { describeBends, growthOf } from '../../../bench/report/growth';
import { rates, resultsOf, rounds, sectionResult } from './results-story';

const curve = (...medians: readonly (readonly [number, number])[]) => {
  const samples = medians.flatMap(([at, perSecond]) => rounds('consume', 'warren', rates(perSecond), at));
  return growthOf(resultsOf(sectionResult('concurrency', samples)), ['concurrency'], 'consume', 'warren');
};

describe('how cost grows', () => {
  it('is read along its axis, whatever the order of measuring', () => {
    expect(curve([100, 5], [1, 3], [10, 4]).map(({ at, perSecond }) => [at, perSecond.median])).toEqual([
      [1, 3],
      [10, 4],
      [100, 5],
    ]);
  });

  it('puts sections of one axis together', () => {
    const results = resultsOf(
      sectionResult('memory', rounds('consume', 'warren', rates(1), 1_000_000)),
      sectionResult('backlog', rounds('consume', 'warren', rates(2), 1_000)),
    );
    expect(growthOf(results, ['backlog', 'memory'], 'consume', 'warren').map(({ at }) => at)).toEqual([
      1_000, 1_000_000,
    ]);
  });

  it('says where a curve is highest and where it falls', () => {
    expect(describeBends(curve([1, 1_000], [10, 9_000], [100, 10_000], [1_000, 5_000]))).toBe(
      'fastest at 100 (10,000/s); 50 % less from 100 to 1,000.',
    );
  });

  it('says that a curve does not fall', () => {
    expect(describeBends(curve([1, 1_000], [10, 10_000]))).toBe(
      'fastest at 10 (10,000/s), 10 × what it is at 1; no bend downwards.',
    );
  });

  it('says that a curve is level', () => {
    expect(describeBends(curve([1, 1_000], [10, 1_050], [100, 960]))).toBe(
      'fastest at 10 (1,050/s), level within 20 %.',
    );
  });

  it('says nothing of a single value', () => {
    expect(describeBends(curve([1, 1_000]))).toBe('Too little was measured to tell.');
  });
});

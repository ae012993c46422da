import { percentile, ratioOf, spreadOf } from '../../../bench/statistics';

describe('spreadOf', () => {
  it('takes the value in the middle, and the outermost', () => {
    expect(spreadOf([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9 });
  });

  it('takes the mean of the two in the middle of an even number', () => {
    expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, min: 1, max: 9 });
  });

  it('does not sort what it is given', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('ratioOf', () => {
  it('divides the medians, and spreads the ratios round by round', () => {
    expect(ratioOf([20, 30, 40], [10, 20, 10])).toEqual({ median: 3, min: 1.5, max: 4 });
  });

  it('leaves out rounds that only one of both has', () => {
    expect(ratioOf([10, 10, 90], [5, 5])).toMatchObject({ min: 2, max: 2 });
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('of %d of 1 to 100 is %d', (share, value) => {
    expect(percentile(hundred, share)).toBe(value);
  });

  it('of a single value is that value', () => {
    expect(percentile([7], 0.99)).toBe(7);
  });
});

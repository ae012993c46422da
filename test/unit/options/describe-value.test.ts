import { describeValue } from '../../../src/options/describe-value';

describe('describeValue', () => {
  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [-1.5, '-1.5'],
    [Number.NaN, 'NaN'],
    [10n, '10'],
    [Symbol('s'), 'Symbol(s)'],
    ['a "b"', '"a \\"b\\""'],
    ['x'.repeat(200), `"${'x'.repeat(77)}…"`],
    [[1, 2], 'an array'],
    [() => 1, 'a function'],
    [class Order {}, 'the function or class Order'],
  ])('tells %p', (value, told) => {
    expect(describeValue(value)).toBe(told);
  });

  it('never tells what an object holds', () => {
    expect(describeValue({ password: 's3cret', toString: () => 's3cret' })).toBe('an object');
  });
});

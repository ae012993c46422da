import fc from 'fast-check';
import { DAY, formatDuration, HOUR, MINUTE, parseDuration, SECOND } from '../../../src/time/duration';

const UNITS = [
  ['ms', 1],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
  ['d', DAY],
] as const;

describe('parseDuration', () => {
  it.each<[unknown, number]>([
    ['250ms', 250],
    ['5s', 5_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1.5s', 1_500],
    ['0s', 0],
    ['0.0001ms', 0],
    [0, 0],
    [12.5, 13],
    [5000 / 3, 1_667],
    [0.3, 1],
    [-0, 0],
  ])('reads %p as %s ms', (written, ms) => {
    expect(parseDuration(written)).toBe(ms);
  });

  it.each<[unknown]>([
    ['5'],
    ['s'],
    [''],
    ['-5s'],
    ['+5s'],
    ['5 s'],
    [' 5s'],
    ['5s\n'],
    ['5S'],
    ['5w'],
    ['1e3s'],
    ['.5s'],
    ['5.s'],
    ['0x10s'],
    ['NaNs'],
    ['Infinitys'],
    [`${'9'.repeat(30)}d`],
    ['٥s'],
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [null],
    [undefined],
    [true],
    [5n],
    [['5s']],
    [{ valueOf: () => 5 }],
  ])('refuses %p', (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });

  it('multiplies by the unit', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...UNITS), (count, [unit, unitMs]) => {
        expect(parseDuration(`${count}${unit}`)).toBe(count * unitMs);
      }),
    );
  });

  it('answers any text with a finite number that is not negative, or with undefined', () => {
    const written = fc.oneof(fc.string(), fc.stringMatching(/^[\d.e-]{1,18}(ms|s|m|h|d)$/));
    fc.assert(
      fc.property(written, (text) => {
        const ms = parseDuration(text);
        expect(ms === undefined || (Number.isFinite(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [5_400_000, '90m'],
    [7_200_000, '2h'],
    [604_800_000, '7d'],
  ])('writes %s ms as %s', (ms, written) => {
    expect(formatDuration(ms)).toBe(written);
  });

  it('is read back as the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.constantFrom(...UNITS), (count, [, unitMs]) => {
        const ms = (count % 10_000) * unitMs;
        expect(parseDuration(formatDuration(ms))).toBe(ms);
        expect(parseDuration(formatDuration(count))).toBe(count);
      }),
    );
  });
});

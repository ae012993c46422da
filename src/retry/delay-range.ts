import type { DurationRange } from '../options/option-reader';

/** What the broker's delay ladder can hold: 31 bits of 125 ms, about 8.5 years. `topology/` owns the ladder, and stands above. */
const MAX_DELAY_MS = (2 ** 31 - 1) * 125;

/** What every delay between two attempts must keep to. */
export const DELAY_RANGE: DurationRange = Object.freeze({
  minMs: Number.MIN_VALUE,
  maxMs: MAX_DELAY_MS,
  words: 'above 0, at most 8.5 years',
});

/** Units of a written duration. A day is 24 hours. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd';

/** `'250ms'`, `'5s'`, `'10m'`, `'2h'`, `'7d'` (decimals allowed), or a number of milliseconds. */
export type Duration = number | `${number}${DurationUnit}`;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
  ['d', DAY],
]);

/** What a duration looks like, for error messages. */
export const DURATION_FORMS = "'250ms', '5s', '10m', '2h', '7d' or a number of milliseconds";

/**
 * Whole milliseconds of a written duration, or `undefined` where it is none: negative, not finite, or of another
 * form. Fractions of a millisecond are rounded here, once: brokers and stored states take none. A number above 0
 * stays above 0, because 0 means "no limit" in some places.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return wholeMs(value > 0 && value < 1 ? 1 : value);
  if (typeof value !== 'string' || value.length > 24) return undefined;
  const match = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(value);
  if (match === null) return undefined;
  const unitMs = UNIT_MS.get(match[2] ?? '');
  return unitMs === undefined ? undefined : wholeMs(Number(match[1]) * unitMs);
}

function wholeMs(ms: number): number | undefined {
  // `+ 0`: without the sign of a negative zero.
  return Number.isFinite(ms) && ms >= 0 ? Math.round(ms) + 0 : undefined;
}

/** The shortest exact written form: `90000` is `'90s'`, `5400000` is `'90m'`, `1500` is `'1500ms'`. */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole === 0) return '0s';
  for (const [unit, unitMs] of [...UNIT_MS].reverse()) {
    if (whole % unitMs === 0 && whole >= unitMs) return `${whole / unitMs}${unit}`;
  }
  return `${whole}ms`;
}

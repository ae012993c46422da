import type { FigureName, Figures } from '../results/sample';
import type { Spread } from '../statistics';

export const whole = (value: number): string => Math.round(value).toLocaleString('en');
/** As many digits as tell something. */
export const digits = (value: number): string =>
  value >= 1_000 ? whole(value) : value.toLocaleString('en', { maximumSignificantDigits: 3 });
export const times = (value: number): string => `${value.toFixed(2)} ×`;

/** Each figure as a number with its unit. */
export const FIGURE_TEXTS: Readonly<Record<FigureName, (value: number) => string>> = {
  perSecond: (value) => `${whole(value)}/s`,
  cpuMicros: (value) => `${digits(value)} µs`,
  p50Millis: (value) => `p50 ${digits(value)} ms`,
  p99Millis: (value) => `p99 ${digits(value)} ms`,
  seconds: (value) => `${digits(value)} s`,
  cpuPercent: (value) => `${digits(value)} % of a core`,
  rssAtTenthMiB: (value) => `${whole(value)} MiB at a tenth`,
  rssHighestMiB: (value) => `${whole(value)} MiB at most`,
};

/** Those that say nothing in a line about one measurement. */
const UNSAID: readonly string[] = ['rssAtTenthMiB', 'rssHighestMiB'];

export const figuresText = (figures: Figures): string =>
  Object.entries(figures)
    .filter(([name]) => !UNSAID.includes(name))
    .map(([name, value]) => FIGURE_TEXTS[name as FigureName](value))
    .join(' ');

/** "18,497 (12,667 to 21,129)"; only the value where there was one round. */
export function spreadText({ median, min, max }: Spread, format: (value: number) => string): string {
  return min === max ? format(median) : `${format(median)} (${format(min)} to ${format(max)})`;
}

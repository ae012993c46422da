import type { Backoff } from '../task/retry-policy';
import { JITTERS, MAX_FACTOR } from './backoff';
import { DELAY_RANGE } from './delay-range';

/** Which milliseconds each kind holds beside its `maxMs`. */
const WAIT_OF_KIND: ReadonlyMap<unknown, string> = new Map([
  ['fixed', 'delayMs'],
  ['linear', 'stepMs'],
  ['exponential', 'baseMs'],
  ['custom', 'maxMs'],
]);

/** Whether a value is a backoff within its ranges: made by `fixed` and its like, of this copy of Warren or another, or by hand. */
export function isBackoff(value: unknown): value is Backoff {
  if (typeof value !== 'object' || value === null) return false;
  const data = value as Readonly<Record<string, unknown>>;
  const wait = WAIT_OF_KIND.get(data['kind']);
  if (wait === undefined || !isWait(data[wait]) || !isWait(data['maxMs'])) return false;
  if (!JITTERS.some((jitter) => jitter === data['jitter'])) return false;
  if (data['kind'] === 'custom') return typeof data['delay'] === 'function';
  return data['kind'] !== 'exponential' || isBetween(data['factor'], 1, MAX_FACTOR);
}

const isWait = (value: unknown): boolean => isBetween(value, DELAY_RANGE.minMs, DELAY_RANGE.maxMs);

const isBetween = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && value >= min && value <= max;

import { DELAY_DELIVER_EXCHANGE, DELAY_ENTER_EXCHANGE, delayLevelName } from './names';

/** The grain of every delay. Level L of the ladder waits 2^L of it. */
export const DELAY_UNIT_MS = 125;
export const DELAY_LEVELS = 31;
const MAX_DELAY_UNITS = 2 ** DELAY_LEVELS - 1;
/** The longest delay: 8.5 years. */
export const MAX_DELAY_MS = MAX_DELAY_UNITS * DELAY_UNIT_MS;

/** Significant bits of a rounded delay: three hops at most, and at most a quarter longer. */
const ROUNDED_BITS = 3;

/** `exact`: a user's own delay. `rounded`: up to three significant bits, for retries: each set bit is one more hop. */
export type DelayPrecision = 'exact' | 'rounded';

/** Where a message is published so that it arrives in its home queue in time. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
}

// A key's 31 bits as 7 + 8 + 8 + 8, each with its dots: a route is four look-ups and no loop.
const SEVEN_BITS = bitTexts(7);
const EIGHT_BITS = bitTexts(8);
const ANY_BITS = '*.'.repeat(DELAY_LEVELS);

function bitTexts(bits: number): readonly string[] {
  return Array.from({ length: 2 ** bits }, (_, value) => value.toString(2).padStart(bits, '0').replaceAll(/./g, '$&.'));
}

/**
 * The units of a delay, rounded up: a delayed message never comes early.
 *
 * @param delayMs - milliseconds, 0 to {@link MAX_DELAY_MS}.
 * @throws RangeError when it is out of range or not a number; callers have told their user before.
 */
export function delayUnits(delayMs: number): number {
  if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
    throw new RangeError(`A delay must be 0 to ${MAX_DELAY_MS} ms, got ${delayMs}.`);
  }
  return Math.ceil(delayMs / DELAY_UNIT_MS);
}

/**
 * Rounds up to a number with few set bits.
 *
 * @param units - 0 to 2^31 - 1.
 * @param bits - significant bits to keep, 1 to 31.
 * @returns at least `units`, and never more than the ladder can wait: there alone, in the last step below 2^31, more bits stay set.
 */
export function roundUpToSignificantBits(units: number, bits: number): number {
  const surplusBits = 32 - Math.clz32(units) - bits;
  if (surplusBits <= 0) return units;
  const step = 2 ** surplusBits;
  return Math.min(Math.ceil(units / step) * step, MAX_DELAY_UNITS);
}

/**
 * Where to publish a message for a home queue: without delay to the queue itself, by the default exchange, else to the
 * exchange that leads to the ladder's level of the highest set bit. Runs once for every message sent, so what it returns is not frozen.
 *
 * @param delayMs - milliseconds, 0 to {@link MAX_DELAY_MS}; waited in whole units, rounded up.
 * @throws RangeError when the delay is out of range.
 */
export function route(queue: string, delayMs: number, precision: DelayPrecision): Route {
  const units = unitsOf(delayMs, precision);
  if (units === 0) return { exchange: '', routingKey: queue };
  return { exchange: DELAY_ENTER_EXCHANGE, routingKey: bitPrefix(units) + queue };
}

/** How long a message waits on the ladder that is to wait for so long, in milliseconds. @throws RangeError as `route` does. */
export function ladderMs(delayMs: number, precision: DelayPrecision): number {
  return unitsOf(delayMs, precision) * DELAY_UNIT_MS;
}

function unitsOf(delayMs: number, precision: DelayPrecision): number {
  const exact = delayUnits(delayMs);
  return precision === 'exact' ? exact : roundUpToSignificantBits(exact, ROUNDED_BITS);
}

function bitPrefix(units: number): string {
  const low = `${EIGHT_BITS[(units >>> 16) & 255]}${EIGHT_BITS[(units >>> 8) & 255]}${EIGHT_BITS[units & 255]}`;
  return `${SEVEN_BITS[units >>> 24]}${low}`;
}

/** How a home queue is bound to the deliver exchange: any bits, then exactly its own name, so `eu` never takes `orders.eu`. */
export function homeBindingKey(queue: string): string {
  return ANY_BITS + queue;
}

const LADDER_KEY = /^((?:[01]\.){31})(.+)$/s;

/** The home queue that a ladder's key leads to, or `undefined` for a key that fits no level. */
export function homeOfLadderKey(routingKey: string): string | undefined {
  return LADDER_KEY.exec(routingKey)?.[2];
}

/** The exchange where the whole way of a ladder's key begins; where no bit is set, its end. */
export function firstExchange(routingKey: string): string {
  const [, bits = ''] = LADDER_KEY.exec(routingKey) ?? [];
  return bits.includes('1') ? DELAY_ENTER_EXCHANGE : DELAY_DELIVER_EXCHANGE;
}

/** The exchange that a level of the ladder hands its messages to. */
export function exchangeBelow(level: number): string {
  return level === 0 ? DELAY_DELIVER_EXCHANGE : delayLevelName(level - 1);
}

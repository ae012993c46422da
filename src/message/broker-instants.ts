import { MAX_INSTANT } from '../time/instant';
import { HEADER, headerOf, integerHeader } from './headers';
import { DELAY_PREFIX } from './origin';
import type { IncomingMessage } from './wire';

/**
 * When a message left the delay ladder for its home queue, by the broker's clock: whole seconds, rounded down; in
 * milliseconds since 1970. `undefined` if it did not come by the ladder. It is the one clock that all workers and senders share.
 */
export function arrivedAt({ properties }: IncomingMessage): number | undefined {
  const deaths = headerOf(properties.headers, 'x-death');
  const newest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof newest !== 'object' || newest === null) return undefined;
  const { queue, time } = newest as { readonly queue?: unknown; readonly time?: unknown };
  if (typeof queue !== 'string' || !queue.startsWith(DELAY_PREFIX)) return undefined;
  const seconds: unknown = typeof time === 'object' && time !== null ? Reflect.get(time, 'value') : undefined;
  return typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_INSTANT / 1000 ? seconds * 1000 : undefined;
}

/** What a message says by the broker's clock, in milliseconds since 1970. */
export interface BrokerInstants {
  /** When it came from the ladder. */
  readonly arrived: number | undefined;
  /** When its first attempt began. */
  readonly firstAttempt: number | undefined;
  /** When a worker first met it that knew no task for it. */
  readonly unknownSince: number | undefined;
}

/**
 * Reads them. The copy that comes first after such an instant has it by the clock of the worker that made the copy, with
 * its due time by the same clock: when it arrives, the difference is known. Later copies carry the result along.
 */
export function brokerInstants(message: IncomingMessage): BrokerInstants {
  const { headers } = message.properties;
  const instant = (name: string) => integerHeader(headers, name, 0, MAX_INSTANT);
  const arrived = arrivedAt(message);
  const dueAt = instant(HEADER.dueAt);
  const firstAttemptAt = instant(HEADER.firstAttemptAt);
  const first =
    arrived === undefined || dueAt === undefined || firstAttemptAt === undefined
      ? undefined
      : Math.max(0, firstAttemptAt - dueAt + arrived);
  const isUnknown = instant(HEADER.unknownSince) !== undefined;
  return {
    arrived,
    firstAttempt: instant(HEADER.firstAttemptAtBroker) ?? first,
    // Its first wait took a second at most.
    unknownSince: instant(HEADER.unknownSinceBroker) ?? (isUnknown ? arrived : undefined),
  };
}

/** What the broker's seconds, and a first wait that is not known exactly, may leave out. */
const ROUNDING_MS = 3_000;

/**
 * How much time has passed, of which two clocks say `apparentMs` and the broker's clock proves `provenMs`. A wrong clock
 * adds three seconds at most.
 *
 * @param provenMs - `undefined`: nothing is known but the two clocks.
 */
export function boundedMs(apparentMs: number, provenMs: number | undefined): number {
  if (provenMs === undefined) return Math.max(0, apparentMs);
  return Math.min(Math.max(apparentMs, provenMs, 0), Math.max(0, provenMs) + ROUNDING_MS);
}

/**
 * When a task expires, by the broker's clock, at the latest. Its sender's clock may be behind that of the broker by as much
 * as the task came after its due time.
 */
export function expiresAtBroker(message: IncomingMessage, expiresAt: number): number {
  const { headers } = message.properties;
  const known = integerHeader(headers, HEADER.expiresAtBroker, 0, MAX_INSTANT);
  if (known !== undefined) return known;
  const arrived = arrivedAt(message);
  const dueAt = integerHeader(headers, HEADER.dueAt, 0, MAX_INSTANT);
  return arrived === undefined || dueAt === undefined ? expiresAt : expiresAt + Math.max(0, arrived - dueAt);
}

/**
 * Whether a task has expired that seems to have by the worker's clock. `undefined`: the broker has to be asked.
 *
 * A task that was never delayed is expired by the broker itself. Of others, the ladder shows the broker's clock: once, a
 * task is sent to its shortest level, and the time of its return decides.
 */
export function isExpired(message: IncomingMessage, expiresAt: number): boolean | undefined {
  const { expiration, headers } = message.properties;
  if (expiration !== undefined) return true;
  const arrived = arrivedAt(message);
  if (arrived !== undefined && arrived >= expiresAtBroker(message, expiresAt)) return true;
  return headerOf(headers, HEADER.expiresAtBroker) === undefined ? undefined : false;
}

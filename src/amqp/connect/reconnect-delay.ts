import type { ConnectionFailure } from '../../errors/broker-errors';

const FIRST_RETRY_MS = 50;
/** Reconnecting is cheap, and a worker should consume within 2 s of a broker that is back. */
const MAX_RETRY_MS = 1_500;
/** What waiting does not heal is asked for less often: every refused login is a line in the broker's log. */
const MAX_REFUSED_RETRY_MS = 10_000;

const REFUSALS: ReadonlySet<ConnectionFailure | undefined> = new Set([
  'credentials',
  'no-credentials',
  'vhost',
  'tls',
] as const);

/**
 * How long to wait before the next attempt, in milliseconds: full jitter under a cap that doubles, because a thousand
 * workers must not come back in one instant.
 *
 * @param attempt - 0 for the first one after a loss.
 * @param reason - why the last attempt failed, or `undefined` where none did.
 * @param random - a number in [0, 1).
 */
export function reconnectDelay(attempt: number, reason: ConnectionFailure | undefined, random: number): number {
  const max = REFUSALS.has(reason) ? MAX_REFUSED_RETRY_MS : MAX_RETRY_MS;
  return random * Math.min(max, FIRST_RETRY_MS * 2 ** Math.min(attempt, 20));
}

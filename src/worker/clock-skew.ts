import { readEnvelope } from '../message/envelope';
import type { IncomingMessage } from '../message/wire';
import type { Clock } from '../time/clock';
import { SECOND } from '../time/duration';

/** What a delivery may take from the broker to this process without being a proof. */
const ON_THE_WAY_MS = SECOND;

/**
 * How far this machine's clock is ahead of those of senders, as far as it is proved. Expiry is written by the sender's
 * clock and read by the worker's, so a worker that is a minute ahead would expire everything that lives for less.
 *
 * The broker measures `expiration` itself, and delivers nothing that has expired. A message that comes all the same after
 * its `warren-expires-at` proves that the clocks differ. Then the message counts as new: the least age that is possible.
 * Every later message lowers the difference to what it shows: nothing comes before it was sent.
 */
export class ClockSkew {
  #aheadMs = 0;

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** How far the clock is known to be ahead, in milliseconds. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Looks at a message that has just come. Costs nothing where it does not expire. */
  observe(message: IncomingMessage): void {
    const { expiration } = message.properties;
    if (expiration === undefined) return;
    const { expiresAt } = readEnvelope(message);
    const livesMs = Number(expiration);
    if (expiresAt === undefined || !(livesMs >= 0)) return;
    const now = this.clock.now();
    const sinceSentMs = Math.max(0, now - (expiresAt - livesMs));
    const isProof = now - expiresAt - this.#aheadMs > ON_THE_WAY_MS;
    if (isProof || sinceSentMs < this.#aheadMs) this.#aheadMs = sinceSentMs;
  }

  /** Whether a message has expired, by the sender's clock. */
  hasExpired(expiresAt: number, now: number): boolean {
    return expiresAt + this.#aheadMs <= now;
  }
}

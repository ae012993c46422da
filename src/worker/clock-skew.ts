import type { ClockPair } from '../events/task-events';
import { arrivedAt, isExpired } from '../message/broker-instants';
import { readEnvelope } from '../message/envelope';
import { HEADER, headerOf, integerHeader } from '../message/headers';
import type { IncomingMessage } from '../message/wire';
import type { Clock } from '../time/clock';
import { MINUTE, SECOND } from '../time/duration';
import { MAX_INSTANT } from '../time/instant';
import { DELAY_DELIVER_EXCHANGE } from '../topology/names';

/** What a delivery may take from the broker to this process without being a proof. */
const ON_THE_WAY_MS = SECOND;
/** A difference that somebody should mend. */
const TOLD_MS = 5 * SECOND;
/** One event for one difference: what waited in a queue shows it not exactly. */
const TOLD_EVERY_MS = MINUTE;

/**
 * How far this machine's clock is ahead of those of senders, as far as it is proved. Expiry is written by the sender's
 * clock and read by the worker's, so a worker that is a minute ahead would expire everything that lives for less.
 *
 * The broker measures `expiration` itself, and delivers nothing that has expired. A message that comes all the same after
 * its `warren-expires-at` proves that the clocks differ. Then the message counts as new: the least age that is possible.
 * Every later message lowers the difference to what it shows: nothing comes before it was sent.
 *
 * What was delayed or retried has no `expiration`. It has the broker's time instead, and no task of these is expired before
 * that confirms it.
 */
export class ClockSkew {
  #aheadMs = 0;
  readonly #toldAt = new Map<ClockPair, number>();

  /** @param onSkewed - is called when two clocks are known to differ by 5 s or more, once a minute at most. */
  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly onSkewed: (clocks: ClockPair, aheadMs: number) => void = () => undefined,
  ) {}

  /** How far the clock is known to be ahead, in milliseconds. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Looks at a message that has just come. Costs nothing where it neither expires nor was delayed. */
  observe(message: IncomingMessage): void {
    const { expiration } = message.properties;
    if (message.exchange === DELAY_DELIVER_EXCHANGE) this.#compareWithBroker(message);
    if (expiration === undefined) return;
    const { expiresAt } = readEnvelope(message);
    const livesMs = Number(expiration);
    if (expiresAt === undefined || !(livesMs >= 0)) return;
    const now = this.clock.now();
    const sinceSentMs = Math.max(0, now - (expiresAt - livesMs));
    const isProof = now - expiresAt - this.#aheadMs > ON_THE_WAY_MS;
    if (isProof || sinceSentMs < this.#aheadMs) this.#aheadMs = sinceSentMs;
    if (isProof) this.#tell('worker-sender', this.#aheadMs);
  }

  /** Whether a message seems to have expired, by the sender's clock. */
  hasExpired(expiresAt: number, now: number): boolean {
    return expiresAt + this.#aheadMs <= now;
  }

  /** Whether it has expired, whichever of the clocks is wrong. */
  isProvedExpired(message: IncomingMessage, expiresAt: number, now: number): boolean {
    return this.hasExpired(expiresAt, now) && isExpired(message, expiresAt) === true;
  }

  /** Whether only the broker's clock can tell if a message has expired. */
  isToAsk(message: IncomingMessage): boolean {
    if (headerOf(message.properties.headers, HEADER.expiresAt) === undefined) return false;
    const { expiresAt } = readEnvelope(message);
    if (expiresAt === undefined || !this.hasExpired(expiresAt, this.clock.now())) return false;
    return isExpired(message, expiresAt) === undefined;
  }

  /** The broker's seconds are rounded down. Nothing arrives before it is due, and nothing is delivered before it has arrived. */
  #compareWithBroker(message: IncomingMessage): void {
    const arrived = arrivedAt(message);
    if (arrived === undefined) return;
    this.#tell('worker-broker', Math.min(0, this.clock.now() - arrived));
    const dueAt = integerHeader(message.properties.headers, HEADER.dueAt, 0, MAX_INSTANT);
    if (dueAt !== undefined) this.#tell('sender-broker', Math.max(0, dueAt - arrived - SECOND));
  }

  #tell(clocks: ClockPair, aheadMs: number): void {
    if (Math.abs(aheadMs) < TOLD_MS) return;
    const now = this.clock.now();
    const toldAt = this.#toldAt.get(clocks);
    if (toldAt !== undefined && Math.abs(now - toldAt) < TOLD_EVERY_MS) return;
    this.#toldAt.set(clocks, now);
    this.onSkewed(clocks, aheadMs);
  }
}

import type { Publisher } from '../../broker/broker';
import type { Clock, Timer } from '../../time/clock';
import { MINUTE } from '../../time/duration';
import { HELLO_MS } from '../decide/reconcile';
import { scheduleMessage } from '../state/message-json';
import type { Release } from '../state/state';

export interface PresenceOptions {
  readonly publisher: Publisher;
  readonly clock: Clock;
  /** The id of this process. */
  readonly worker: string;
  readonly releaseKey: string;
  readonly release: Release;
  /** Whether anybody listens: words that nobody reads would pile up. */
  readonly isHeard: () => Promise<boolean>;
}

/** How long a last word may take. */
const BYE_TIMEOUT_MS = 5_000;
const HELLO_TIMEOUT_MS = 30_000;
/** When a word is said again that could not be said. */
const AGAIN_MS = MINUTE;

/** Says which schedules this process carries and which queues it serves: when it comes, now and then, and when it goes. */
export class Presence {
  #timer: Timer | undefined;
  #startedAt: number | undefined;
  #gone = false;

  constructor(private readonly options: PresenceOptions) {}

  /** Whether a hello in the name of this process says what it says itself. */
  isOwn(releaseKey: string): boolean {
    return releaseKey === this.options.releaseKey;
  }

  /** Resolves with the first word. What fails is left to the next one. */
  start(): Promise<void> {
    return this.#sayAgain();
  }

  /** @param nonce - comes back with the message to whoever is served from the queue. */
  async say(nonce?: string): Promise<void> {
    const { publisher, clock, worker, releaseKey, release } = this.options;
    this.#startedAt ??= Math.floor(clock.now());
    const startedAt = this.#startedAt;
    const hello = scheduleMessage({ kind: 'hello', worker, startedAt, releaseKey, release, nonce });
    await publisher.publish(hello, { timeoutMs: HELLO_TIMEOUT_MS });
  }

  /** Never rejects: where the last word is lost, time tells. */
  async leave(): Promise<void> {
    this.#gone = true;
    this.#timer?.cancel();
    const { publisher, worker } = this.options;
    const isHeard = await this.options.isHeard().catch(() => false);
    if (!isHeard) return;
    await publisher
      .publish(scheduleMessage({ kind: 'bye', worker }), { timeoutMs: BYE_TIMEOUT_MS })
      .catch(() => undefined);
  }

  async #sayAgain(): Promise<void> {
    let nextMs = HELLO_MS;
    try {
      if (await this.options.isHeard()) await this.say();
    } catch {
      // Why is told of the connection.
      nextMs = AGAIN_MS;
    }
    if (!this.#gone) this.#timer = this.options.clock.schedule(() => void this.#sayAgain(), nextMs);
  }
}

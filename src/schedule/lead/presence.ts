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
  /** Whether the queue has a consumer. Without one, messages would pile up in it. */
  readonly isHeard: () => Promise<boolean>;
}

/** Bounds the publish of the goodbye. */
const BYE_TIMEOUT_MS = 5_000;
const HELLO_TIMEOUT_MS = 30_000;
/** Delay before a failed hello is sent again. */
const AGAIN_MS = MINUTE;

/**
 * Tells the leader which schedules this process has in its code and which queues it consumes: by a hello at the start and at
 * intervals, and by a goodbye at the end.
 */
export class Presence {
  #timer: Timer | undefined;
  #startedAt: number | undefined;
  #gone = false;

  constructor(private readonly options: PresenceOptions) {}

  /** Whether a hello in the name of this process has the content that this process sends. */
  isOwn(releaseKey: string): boolean {
    return releaseKey === this.options.releaseKey;
  }

  /** Resolves when the first hello was sent, or has failed: the next one follows by a timer. */
  start(): Promise<void> {
    return this.#sayAgain();
  }

  /** @param nonce - is delivered with the message, so that its sender can recognise it. */
  async say(nonce?: string): Promise<void> {
    const { publisher, clock, worker, releaseKey, release } = this.options;
    this.#startedAt ??= Math.floor(clock.now());
    const startedAt = this.#startedAt;
    const hello = scheduleMessage({ kind: 'hello', worker, startedAt, releaseKey, release, nonce });
    await publisher.publish(hello, { timeoutMs: HELLO_TIMEOUT_MS });
  }

  /** Never rejects: if the goodbye is lost, the leader forgets this process after a timeout. */
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
      // The connection's own event reports the cause.
      nextMs = AGAIN_MS;
    }
    if (!this.#gone) this.#timer = this.options.clock.schedule(() => void this.#sayAgain(), nextMs);
  }
}

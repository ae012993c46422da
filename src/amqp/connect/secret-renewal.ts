import type { ChannelModel } from 'amqplib';
import { answered } from './channels';
import type { Login } from './login';
import { reconnectDelay } from './reconnect-delay';

export interface RenewalOptions {
  readonly model: ChannelModel;
  readonly login: Login;
  /** Gives the next login. */
  ask(): Promise<Login>;
  /** Whether the broker reads nothing of this connection at the moment, and so could not answer. */
  isBlocked(): boolean;
  /** Told of each failure, and with `undefined` of the success that follows one. */
  onOutcome(error: Error | undefined): void;
  /** Makes the error for a login that is no newer. */
  notNewer(): Error;
}

const MIN_DELAY_MS = 100;
/** A timer's longest. */
const MAX_DELAY_MS = 2 ** 31 - 1;
const BLOCKED_PAUSE_MS = 1_000;

/**
 * When to renew what expires, in milliseconds from now: when 70 to 80 % of the time that is left is over.
 *
 * @param random - a number in [0, 1).
 */
export function renewalDelay(expiresAt: number, now: number, random: number): number {
  const share = 0.7 + 0.1 * random;
  return Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, (expiresAt - now) * share));
}

/**
 * Tells the broker the next secret of one live connection before the last one expires (`connection.update-secret`).
 *
 * waiting → asking → telling → waiting, for as long as what it gets expires and the connection lives. What fails is said,
 * and tried again with growing pauses. The broker itself ends the connection over a secret that it refuses. A login with
 * another user name cannot be told to a live connection: the next one has it.
 */
export class SecretRenewal {
  #login: Login;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  constructor(private readonly options: RenewalOptions) {
    this.#login = options.login;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { expiresAt } = this.#login;
    if (expiresAt !== undefined) this.#renewIn(renewalDelay(expiresAt, Date.now(), Math.random()));
  }

  #renewIn(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#renew(), delayMs);
    // The socket keeps the process alive, as long as it should be.
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    if (this.options.isBlocked()) return this.#renewIn(BLOCKED_PAUSE_MS);
    try {
      const next = await this.options.ask();
      if (this.#stopped || next.username !== this.#login.username) return;
      if (!isNewer(next, this.#login)) throw this.options.notNewer();
      await answered(this.options.model.updateSecret(Buffer.from(next.secret()), 'renewed before it expires'));
      if (!this.#stopped) this.#renewed(next);
    } catch (error) {
      if (!this.#stopped) this.#failed(error as Error);
    }
  }

  #renewed(next: Login): void {
    this.#login = next;
    if (this.#failures > 0) this.options.onOutcome(undefined);
    this.#failures = 0;
    this.#schedule();
  }

  #failed(error: Error): void {
    this.options.onOutcome(error);
    this.#renewIn(Math.max(MIN_DELAY_MS, reconnectDelay(this.#failures++, 'no-credentials', Math.random())));
  }
}

const isNewer = (next: Login, last: Login): boolean =>
  next.expiresAt === undefined || next.expiresAt > (last.expiresAt ?? 0);

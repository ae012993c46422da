import type { ConnectionState } from '../../broker/broker';
import type { MetricsModel } from './metrics-model';
import type { Counter } from './series';

/**
 * Reconnects, and the time in which the broker held back publishers, of each connection: both from the moment on when it
 * is there, since a counter that begins at its first count hides that from `rate()`.
 */
export class ConnectionTimes {
  readonly #connectedBefore = new Set<string>();
  readonly #lost = new Set<string>();
  /** By `performance.now()`. */
  readonly #blockedSince = new Map<string, number>();

  constructor(
    private readonly model: MetricsModel,
    private readonly now: () => number,
  ) {}

  changed(connection: string, state: ConnectionState): void {
    this.#countBlocked(connection);
    if (state === 'blocked') this.#blockedSince.set(connection, this.now());
    else this.#blockedSince.delete(connection);
    if (state === 'connecting' && this.#connectedBefore.has(connection)) this.#lost.add(connection);
    if (state !== 'connected') return;
    // A block that ended says `connected` as well.
    this.#reconnects(connection).add(this.#lost.delete(connection) ? 1 : 0);
    this.#blockedTime(connection);
    this.#connectedBefore.add(connection);
  }

  /** Counts what an alarm that goes on has taken so far. */
  update(): void {
    for (const connection of this.#blockedSince.keys()) this.#countBlocked(connection);
  }

  #countBlocked(connection: string): void {
    const since = this.#blockedSince.get(connection);
    if (since === undefined) return;
    const now = this.now();
    this.#blockedTime(connection).add((now - since) / 1000);
    this.#blockedSince.set(connection, now);
  }

  #reconnects(connection: string): Counter {
    return this.model.counter('warren.connection.reconnects').with(connection);
  }

  #blockedTime(connection: string): Counter {
    return this.model.counter('warren.connection.blocked_time').with(connection);
  }
}

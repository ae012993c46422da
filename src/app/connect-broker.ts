import type { Broker } from '../broker/broker';
import { ConnectionFailedError, type ConnectionFailure } from '../errors/broker-errors';
import type { Clock } from '../time/clock';

export interface ConnectOptions {
  /** How long a broker may be away, in milliseconds; 0: not at all; `Infinity`: for ever. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Whether the connection is still wanted. */
  readonly wanted: () => boolean;
  /** Resolves when the connection is not wanted any more: ends a pause. @defaultValue never */
  readonly stopCalled?: Promise<void>;
  /** Told of every attempt that failed and is made again. */
  readonly onWaiting: (error: ConnectionFailedError) => void;
}

/** What may heal by waiting: a wrong password does not. */
const MAY_HEAL: readonly ConnectionFailure[] = ['unreachable', 'timeout', 'no-credentials'];
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 2_000;

/** Makes the first connection; where the options say so, again and again while the broker is away. @throws ConnectionFailedError */
export async function connectBroker(broker: Broker, options: ConnectOptions): Promise<void> {
  const { clock, waitMs } = options;
  const giveUpAt = clock.now() + waitMs;
  for (;;) {
    try {
      return await broker.connect();
    } catch (error) {
      // Jitter: a thousand processes that wait must not come back in one instant.
      const pauseMs = MIN_PAUSE_MS + options.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS);
      const isInTime = clock.now() + pauseMs <= giveUpAt;
      if (!isInTime || !options.wanted() || !mayHeal(error)) throw error;
      options.onWaiting(error);
      await pause(pauseMs, options);
      if (!options.wanted()) throw error;
    }
  }
}

/** Leaves no timer behind: one would keep a process alive that has stopped. */
function pause(ms: number, { clock, stopCalled }: ConnectOptions): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.schedule(resolve, ms);
    void stopCalled?.then(() => {
      timer.cancel();
      resolve();
    });
  });
}

function mayHeal(error: unknown): error is ConnectionFailedError {
  return error instanceof ConnectionFailedError && MAY_HEAL.includes(error.reason);
}

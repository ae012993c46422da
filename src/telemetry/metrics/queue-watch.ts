import type { QueueState } from '../../broker/broker';
import { DELAY_UNROUTED, deadQueueName } from '../../topology/names';
import { oldestAgeMs } from './oldest-age';

/** What one look at the queues has found. Where it could not look, there is nothing. */
export interface QueueReadings {
  readonly queues: readonly {
    readonly queue: string;
    readonly state: QueueState | undefined;
    readonly dead: QueueState | undefined;
    readonly oldestAgeMs: number | undefined;
  }[];
  readonly unrouted: QueueState | undefined;
}

export interface QueueWatchOptions {
  readonly queues: readonly string[];
  readonly stateOf: (queue: string) => Promise<QueueState | undefined>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Two looks are at least so far apart, however many ask: each takes a channel for each queue. */
const MIN_INTERVAL_MS = 5_000;

/** Looks at an app's queues when somebody wants to know, and remembers what tells how old their oldest task is. */
export class QueueWatch {
  readonly #lastStartedReadyAt = new Map<string, number>();
  readonly #lastEmptyAt = new Map<string, number>();
  readonly #watchedSince: number;
  #reading: { readonly at: number; readonly readings: Promise<QueueReadings> } | undefined;

  constructor(private readonly options: QueueWatchOptions) {
    this.#watchedSince = options.now();
  }

  /** A task was started that was ready to run at this instant. Called for every task. */
  started(queue: string, readyAt: number): void {
    this.#lastStartedReadyAt.set(queue, readyAt);
  }

  read(): Promise<QueueReadings> {
    const at = this.options.now();
    if (this.#reading === undefined || at - this.#reading.at >= MIN_INTERVAL_MS || at < this.#reading.at) {
      this.#reading = { at, readings: this.#look() };
    }
    return this.#reading.readings;
  }

  async #look(): Promise<QueueReadings> {
    const { queues } = this.options;
    const [unrouted, ...found] = await Promise.all([
      this.#stateOf(DELAY_UNROUTED),
      ...queues.map(async (queue) => {
        const [state, dead] = await Promise.all([this.#stateOf(queue), this.#stateOf(deadQueueName(queue))]);
        return { queue, state, dead, oldestAgeMs: state === undefined ? undefined : this.#ageOf(queue, state) };
      }),
    ]);
    return { queues: found, unrouted };
  }

  /** While the connection is away, nothing is known. */
  #stateOf(queue: string): Promise<QueueState | undefined> {
    return this.options.stateOf(queue).catch(() => undefined);
  }

  #ageOf(queue: string, { ready }: QueueState): number {
    const now = this.options.now();
    if (ready === 0) this.#lastEmptyAt.set(queue, now);
    const sight = {
      ready,
      lastStartedReadyAt: this.#lastStartedReadyAt.get(queue),
      lastEmptyAt: this.#lastEmptyAt.get(queue),
      watchedSince: this.#watchedSince,
    };
    return oldestAgeMs(sight, now);
  }
}

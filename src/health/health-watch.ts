import type { Broker, ConnectionState, SubscriptionState } from '../broker/broker';
import type { EventBus } from '../events/event-bus';
import type { AppHealth } from './app-health';
import { decideHealth } from './decide-health';
import type { ConnectionFacts, ConsumerFacts, HealthFacts } from './health-facts';
import type { LoopWatch } from './loop-watch';
import { RoundTrips } from './round-trips';

/** A consumer, as its health needs it. */
export interface WatchedConsumer {
  readonly name: string;
  readonly concurrency: number;
  readonly running: number;
  /** Slots held by handlers that have outlived their timeout and still run. */
  readonly overdue?: number;
  /** Whether it should consume. */
  readonly wanted: boolean;
  readonly state: SubscriptionState | undefined;
  /** Resolves when the broker says, over this consumer's connection, that its queue is consumed. */
  ping(): Promise<void>;
}

export interface HealthWatchOptions {
  readonly events: EventBus;
  readonly broker: Pick<Broker, 'publishingConnection' | 'ping' | 'capabilities'>;
  readonly consumers: readonly WatchedConsumer[];
  readonly appState: () => HealthFacts['app'];
  /** Milliseconds of a clock that never jumps: `performance.now()`. */
  readonly now: () => number;
  readonly loop: Pick<LoopWatch, 'start' | 'stop' | 'lastBlock'>;
}

interface Told<S> {
  readonly state: S;
  readonly since: number;
  readonly error: string | undefined;
}

/**
 * Gathers what is known about an app, and has it judged.
 *
 * @see docs/decisions/013-health-asks-the-broker.md
 */
export class HealthWatch {
  readonly #connections = new Map<string, Told<ConnectionState>>();
  readonly #subscriptions = new Map<string, Told<SubscriptionState>>();
  readonly #stuckSince = new Map<WatchedConsumer, number>();
  readonly #roundTrips = new RoundTrips();

  constructor(private readonly options: HealthWatchOptions) {
    const { events } = options;
    events.on('connection:changed', ({ name, state, error }) => this.#note(this.#connections, name, state, error));
    events.on('subscription:changed', ({ queue, state, error }) => {
      // One that was paused is closed late, when the next one consumes already.
      if (state === 'consuming' || state === 'recovering') this.#note(this.#subscriptions, queue, state, error);
    });
  }

  /** Begins to look at the event loop. */
  start(): void {
    this.options.loop.start();
  }

  stop(): void {
    this.options.loop.stop();
  }

  /** How the app is, as far as is known now. What only the broker can tell is asked for, and known the next time. */
  look(): AppHealth {
    const now = this.options.now();
    return decideHealth(
      {
        app: this.options.appState(),
        connections: [...this.#connections].map(([name, told]) => this.#connectionFacts(name, told, now)),
        consumers: this.options.consumers.map((consumer) => this.#consumerFacts(consumer, now)),
        loopBlock: this.options.loop.lastBlock,
        fastPath: this.options.broker.capabilities.fastPath,
      },
      now,
    );
  }

  #note<S>(all: Map<string, Told<S>>, name: string, state: S, error: Error | undefined): void {
    const last = all.get(name);
    const since = last?.state === state ? last.since : this.options.now();
    all.set(name, { state, since, error: error?.message });
  }

  #connectionFacts(name: string, told: Told<ConnectionState>, now: number): ConnectionFacts {
    const { broker } = this.options;
    // A broker that blocks reads nothing on this connection, and owes no answer.
    const asks = name === broker.publishingConnection && told.state === 'connected';
    const roundTrip = asks ? this.#roundTrips.of(broker, told.since, now, () => broker.ping()) : undefined;
    return { name, ...told, roundTrip };
  }

  #consumerFacts(consumer: WatchedConsumer, now: number): ConsumerFacts {
    const { name, wanted, state, running, overdue = 0, concurrency } = consumer;
    const told = this.#subscriptions.get(name);
    const asks = wanted && state === 'consuming';
    return {
      queue: name,
      wanted,
      state,
      since: told?.since,
      error: told?.error,
      running,
      overdue,
      concurrency,
      stuckSince: this.#stuckFor(consumer, now),
      roundTrip: asks ? this.#roundTrips.of(consumer, told?.since ?? 0, now, () => consumer.ping()) : undefined,
    };
  }

  #stuckFor(consumer: WatchedConsumer, now: number): number | undefined {
    if ((consumer.overdue ?? 0) < consumer.concurrency) {
      this.#stuckSince.delete(consumer);
      return undefined;
    }
    const since = this.#stuckSince.get(consumer) ?? now;
    this.#stuckSince.set(consumer, since);
    return since;
  }
}

import type { Broker, BrokerEvents } from '../broker/broker';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import type { Clock } from '../time/clock';
import { systemClock } from '../time/system-clock';
import { MemoryBroker } from './memory-broker';
import { VirtualHost } from './virtual-host';

export interface MemoryServerOptions {
  /** Where message TTLs and publish timeouts get their time from. */
  readonly clock: Clock;
  /** Shown in the address, `memory:name`. @defaultValue `''` */
  readonly name?: string | undefined;
}

export interface MemoryConnectionOptions {
  /** Told what becomes of the connection and its subscriptions. */
  readonly events?: BrokerEvents | undefined;
}

export interface MemoryBrokerOptions extends MemoryServerOptions, MemoryConnectionOptions {
  /** The server to connect to; its clock and name count then. @defaultValue a new one of its own */
  readonly state?: MemoryServer | undefined;
}

/**
 * An embedded broker: what stands on it is shared by all its connections and lost with the process. It follows the
 * rules of RabbitMQ 4.3, without its clustering, its users and its consumer timeout.
 */
export class MemoryServer {
  readonly #vhost: VirtualHost;
  readonly #address: string;
  readonly #connections = new Set<MemoryBroker>();

  readonly #isReal: boolean;

  constructor({ clock, name = '' }: MemoryServerOptions) {
    this.#isReal = clock === systemClock;
    this.#vhost = new VirtualHost(clock);
    this.#address = `memory:${name}`;
  }

  /** A connection of its own, as every app has. Its first use is `connect()`. */
  connect({ events = {} }: MemoryConnectionOptions = {}): Broker {
    return new MemoryBroker(
      {
        vhost: this.#vhost,
        address: this.#address,
        isReal: this.#isReal,
        opened: (broker) => this.#opened(broker),
        closed: (broker) => this.#closed(broker),
      },
      events,
    );
  }

  /** For tests: every connection is lost at once. Unsettled deliveries go back as failed ones; subscriptions recover. */
  dropConnections(): void {
    const error = new ConnectionClosedError('the embedded broker was told to drop its connections');
    for (const connection of [...this.#connections]) connection.drop(error);
  }

  /**
   * For tests: deletes a queue under its consumers, messages and bindings included.
   *
   * @returns whether there was one.
   */
  deleteQueue(name: string): boolean {
    return this.#vhost.deleteQueue(name);
  }

  #opened(broker: MemoryBroker): void {
    this.#connections.add(broker);
    if (this.#connections.size === 1) this.#vhost.setActive(true);
  }

  #closed(broker: MemoryBroker): void {
    this.#connections.delete(broker);
    if (this.#connections.size === 0) this.#vhost.setActive(false);
  }
}

/** A connection to an embedded broker: to `state`, which others may share, or to one of its own. */
export function createMemoryBroker({ clock, name, state, events }: MemoryBrokerOptions): Broker {
  return (state ?? new MemoryServer({ clock, name })).connect({ events });
}

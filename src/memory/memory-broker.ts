import type { BrokerAdmin } from '../broker/admin';
import type {
  Broker,
  BrokerEvents,
  Publisher,
  QueueDeletion,
  QueueReader,
  QueueScan,
  QueueState,
  ServerInfo,
  SubscribeOptions,
  Subscription,
  TopologyMode,
} from '../broker/broker';
import type { BrokerCapabilities } from '../broker/capabilities';
import { LockedError, QueueMissingError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import type { IncomingMessage } from '../message/wire';
import type { QueueType } from '../task/definition';
import { clearRealInterval, setRealInterval } from '../time/real-timers';
import type { Topology } from '../topology/topology';
import { MemoryAdmin } from './memory-admin';
import { MemoryPublisher } from './memory-publisher';
import { MemoryReader, MemoryScan } from './memory-reader';
import { MemorySubscription } from './memory-subscription';
import { applyTopology } from './memory-topology';
import type { VirtualHost } from './virtual-host';

/** What a connection belongs to. */
export interface MemoryBrokerHost {
  readonly vhost: VirtualHost;
  /** `memory:name` */
  readonly address: string;
  /** Whether its time passes by itself. */
  readonly isReal: boolean;
  opened(broker: MemoryBroker): void;
  closed(broker: MemoryBroker): void;
}

/** The longest timer of Node.js. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const CONNECTION_NAME = 'memory';
/** The version whose rules are followed where they differ. */
const SERVER: ServerInfo = Object.freeze({ product: 'memory', version: '4.3.0' });
const CAPABILITIES: BrokerCapabilities = Object.freeze({ isServer: false, countsAtOnce: true, fastPath: undefined });

/**
 * One connection to an embedded broker.
 *
 * idle → connected → (dropped) → lost → connected …; any → closed. A lost connection comes back by itself in a later turn.
 */
export class MemoryBroker implements Broker {
  readonly server = SERVER;
  readonly capabilities = CAPABILITIES;
  readonly admin: BrokerAdmin;
  readonly address: string;
  readonly publisher: Publisher;
  readonly #ownPublisher: MemoryPublisher;
  readonly #subscriptions = new Set<MemorySubscription>();
  readonly #readers = new Set<MemoryReader>();
  readonly #locks = new Set<string>();
  #kept: NodeJS.Timeout | undefined;
  #state: 'idle' | 'connected' | 'lost' | 'closed' = 'idle';
  #plan: { readonly topology: Topology; readonly mode: TopologyMode } | undefined;

  constructor(
    private readonly host: MemoryBrokerHost,
    private readonly events: BrokerEvents,
  ) {
    this.address = host.address;
    this.#ownPublisher = new MemoryPublisher(host.vhost, events);
    this.publisher = this.#ownPublisher;
    this.admin = new MemoryAdmin(host.vhost, () => this.#checkConnected());
  }

  async connect(): Promise<void> {
    if (this.#state === 'closed') throw new ConnectionClosedError('it was closed by this process');
    if (this.#state !== 'idle') return;
    this.events.onConnection?.(CONNECTION_NAME, 'connecting');
    this.host.opened(this);
    this.#up();
  }

  async applyTopology(topology: Topology, mode: TopologyMode): Promise<void> {
    this.#checkConnected();
    applyTopology(this.host.vhost, topology, mode);
    this.#plan = { topology, mode };
  }

  async declare(topology: Topology): Promise<void> {
    this.#checkConnected();
    applyTopology(this.host.vhost, topology, 'assert');
  }

  async lock(name: string): Promise<() => Promise<void>> {
    this.#checkConnected();
    const { locks } = this.host.vhost;
    if (locks.has(name)) throw new LockedError(name);
    locks.add(name);
    this.#locks.add(name);
    return async () => this.#unlock(name);
  }

  /** Lost with its connection alone, like a lock: no event loop stands still between two parts of one process. */
  lifeline(name: string): Promise<() => Promise<void>> {
    return this.lock(name);
  }

  async isLocked(name: string): Promise<boolean> {
    this.#checkConnected();
    return this.host.vhost.locks.has(name);
  }

  #unlock(name: string): void {
    if (this.#locks.delete(name)) this.host.vhost.locks.delete(name);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#checkConnected();
    if (this.host.vhost.queue(options.queue) === undefined) throw new QueueMissingError(options.queue);
    const subscription = new MemorySubscription(this.host.vhost, options, {
      isConnected: () => this.#state === 'connected',
      restoreTopology: () => this.#restoreTopology(),
      onState: (queue, state, error) => {
        if (state === 'closed') {
          this.#subscriptions.delete(subscription);
          this.#keepProcess();
        }
        this.events.onSubscription?.(queue, state, error);
      },
    });
    this.#subscriptions.add(subscription);
    this.#keepProcess();
    subscription.consume();
    return subscription;
  }

  /** As a socket does: a worker that waits for tasks is at work. On a clock that only a test moves, nothing comes by itself. */
  #keepProcess(): void {
    if (this.#subscriptions.size > 0 && this.host.isReal)
      this.#kept ??= setRealInterval(() => undefined, MAX_TIMEOUT_MS);
    else {
      clearRealInterval(this.#kept);
      this.#kept = undefined;
    }
  }

  async openReader(queue: string): Promise<QueueReader> {
    this.#checkConnected();
    if (this.host.vhost.queue(queue) === undefined) throw new QueueMissingError(queue);
    const reader = new MemoryReader(this.host.vhost, queue, (closed) => this.#readers.delete(closed));
    this.#readers.add(reader);
    return reader;
  }

  async openScan(queue: string): Promise<QueueScan> {
    this.#checkConnected();
    if (this.host.vhost.queue(queue) === undefined) throw new QueueMissingError(queue);
    const scan = new MemoryScan(this.host.vhost, queue, (closed) => this.#readers.delete(closed));
    this.#readers.add(scan);
    return scan;
  }

  /** Messages that are ready, in the order in which they would go out. Nothing takes them, so nothing changes. */
  peek(queue: string): readonly IncomingMessage[] {
    return this.host.vhost.queue(queue)?.peek() ?? [];
  }

  async countReady(queue: string): Promise<number | undefined> {
    this.#checkConnected();
    return this.host.vhost.queue(queue)?.readyCount;
  }

  async queueState(queue: string): Promise<QueueState | undefined> {
    this.#checkConnected();
    const found = this.host.vhost.queue(queue);
    return found === undefined ? undefined : { ready: found.readyCount, consumers: found.consumerCount };
  }

  async deleteUnused(queue: string, _type: QueueType): Promise<QueueDeletion> {
    const state = await this.queueState(queue);
    if (state === undefined) return { kind: 'missing' };
    const isOut = (this.host.vhost.queue(queue)?.outCount ?? 0) > 0;
    if (state.ready > 0 || state.consumers > 0 || isOut) return { kind: 'in-use' };
    this.host.vhost.deleteQueue(queue);
    return { kind: 'deleted', lost: 0 };
  }

  get publishingConnection(): string {
    return CONNECTION_NAME;
  }

  async ping(): Promise<void> {
    this.#checkConnected();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state !== 'idle';
    this.#state = 'closed';
    this.#ownPublisher.close();
    await Promise.all([...this.#subscriptions, ...this.#readers].map((channel) => channel.close()));
    for (const name of [...this.#locks]) this.#unlock(name);
    if (wasOpen) this.host.closed(this);
    this.events.onConnection?.(CONNECTION_NAME, 'closed');
  }

  /** Loses the connection: what is unsettled goes back to its queue as a failed delivery. */
  drop(error: Error): void {
    if (this.#state !== 'connected') return;
    this.#state = 'lost';
    for (const name of [...this.#locks]) this.#unlock(name);
    this.#ownPublisher.connectionLost();
    this.events.onConnection?.(CONNECTION_NAME, 'connecting', error);
    for (const subscription of [...this.#subscriptions]) subscription.connectionLost(error);
    for (const reader of this.#readers) reader.connectionLost();
    this.#readers.clear();
    this.host.vhost.turns.run(() => this.#reconnect());
  }

  #reconnect(): void {
    if (this.#state !== 'lost') return;
    this.#restoreTopology();
    this.#up();
    for (const subscription of [...this.#subscriptions]) subscription.consume();
  }

  #up(): void {
    this.#state = 'connected';
    this.events.onConnection?.(CONNECTION_NAME, 'connected');
    this.#ownPublisher.connected();
  }

  #restoreTopology(): void {
    if (this.#plan?.mode !== 'assert') return;
    try {
      applyTopology(this.host.vhost, this.#plan.topology, 'assert');
    } catch {
      // Somebody else declared it differently meanwhile. What exists is used; what is missing is waited for.
    }
  }

  #checkConnected(): void {
    if (this.#state === 'connected') return;
    throw new ConnectionClosedError(
      this.#state === 'closed' ? 'it was closed by this process' : 'it is lost at the moment',
    );
  }
}

import type { ChannelModel } from 'amqplib';
import type { CredentialsOption, TlsOptions } from '../broker/access';
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
import type { BrokerCapabilities, FastPath } from '../broker/capabilities';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import type { QueueType } from '../task/definition';
import type { Topology } from '../topology/topology';
import { isLocked, takeLock } from './admin/locks';
import { probeBroker } from './admin/probe';
import { deleteUnused, inspectTopology, replaceExchange, unbindAll } from './admin/queue-administration';
import { QueueLooks } from './admin/queue-looks';
import type { BrokerAddress } from './connect/address';
import { parseAddresses } from './connect/addresses';
import { answered, closed, onOwnChannel } from './connect/channels';
import { AmqpConnection } from './connect/connection';
import { dial } from './connect/dial';
import { endConnection } from './connect/end-connection';
import { type LoginSource, loginSource } from './connect/login';
import { serverInfo } from './connect/server-info';
import { type TlsSource, tlsSource } from './connect/tls';
import { AmqpPrefetchingReader } from './consume/amqp-prefetching-reader';
import { AmqpReader } from './consume/amqp-reader';
import { AmqpScan, MAX_WINDOW } from './consume/amqp-scan';
import { AmqpSubscription } from './consume/amqp-subscription';
import { decideFastPath, installedVersion } from './fast-path/tested-versions';
import { AmqpPublisher } from './publish/amqp-publisher';
import { applyTopology } from './topology/apply-topology';
import { TopologyKeeper } from './topology/topology-keeper';

export interface AmqpBrokerOptions {
  /** Several hosts of one cluster are a list, or have commas between them. */
  readonly url: string | readonly string[];
  /** Begins the names of the connections. @defaultValue `'warren'` */
  readonly name?: string;
  /** Seconds between heartbeats, 0 for none; a dead peer is noticed after two to three. @defaultValue 10 */
  readonly heartbeatSeconds?: number;
  /** Bounds a handshake, in milliseconds. @defaultValue 10000 */
  readonly connectTimeoutMs?: number;
  /** How long a publish may take until its confirm, in milliseconds. @defaultValue 15000 */
  readonly publishTimeoutMs?: number;
  /** Unconfirmed messages at a time. @defaultValue 1000 */
  readonly maxInFlight?: number;
  /** Messages that wait for a place in flight; one more is refused at once. @defaultValue 10000 */
  readonly maxWaiting?: number;
  /** Bytes of the payloads that are unconfirmed or wait; what comes on top is refused at once. @defaultValue 268435456 (256 MiB) */
  readonly maxPendingBytes?: number;
  /** Connections that consume: queues share them in turn. 1 to 1,000. @defaultValue 16 */
  readonly maxConsumerConnections?: number;
  /** Where user and password come from. @defaultValue the URL */
  readonly credentials?: CredentialsOption;
  /** For amqps. */
  readonly tls?: TlsOptions;
  /** Whether plain messages take the short way past amqplib. @defaultValue with versions of amqplib that it was tested with */
  readonly fastPath?: boolean | undefined;
  readonly events?: BrokerEvents;
}

/** Of credentials and keys it has functions alone, which show nothing when they are printed. */
type ResolvedOptions = Required<Omit<AmqpBrokerOptions, 'url' | 'credentials' | 'tls' | 'fastPath'>> & {
  readonly login: LoginSource;
  readonly tls: TlsSource;
  readonly fastPath: FastPath;
};

export const DEFAULT_AMQP_OPTIONS = Object.freeze({
  name: 'warren',
  heartbeatSeconds: 10,
  connectTimeoutMs: 10_000,
  publishTimeoutMs: 15_000,
  maxInFlight: 1_000,
  maxWaiting: 10_000,
  maxPendingBytes: 256 * 1024 * 1024,
  maxConsumerConnections: 16,
});

/** How long the broker may take to close a lifeline, in milliseconds. */
const LIFELINE_CLOSE_MS = 2_000;

/**
 * RabbitMQ through amqplib.
 *
 * @see docs/decisions/004-consumer-connections.md
 */
export function createAmqpBroker({ url, credentials, tls, fastPath, ...given }: AmqpBrokerOptions): Broker {
  const options = { ...DEFAULT_AMQP_OPTIONS, events: {}, ...given };
  return new AmqpBroker(parseAddresses(url), {
    ...options,
    fastPath: decideFastPath(fastPath, installedVersion()),
    login: loginSource(credentials, options.connectTimeoutMs),
    tls: tlsSource(tls),
  });
}

/**
 * Publishing and administration share one connection; consuming has others, because an alarm stops the broker from
 * reading a connection that publishes, its acknowledgements included, and because a lost connection gives back all
 * deliveries that are out on it.
 */
class AmqpBroker implements Broker {
  readonly publisher: Publisher;
  readonly capabilities: BrokerCapabilities;
  readonly admin: BrokerAdmin = {
    inspect: (topology) => inspectTopology(this.#model(), topology),
    probe: (targets) => probeBroker(this.#model(), targets),
    unbind: (bindings) => unbindAll(this.#model(), bindings),
    replaceExchange: (spec, bindings) => replaceExchange(this.#model(), spec, bindings),
  };
  readonly #publishing: AmqpConnection;
  readonly #ownPublisher: AmqpPublisher;
  readonly #consuming: AmqpConnection[] = [];
  readonly #lifelines = new Set<() => void>();
  readonly #subscriptions = new Set<AmqpSubscription>();
  readonly #topology = new TopologyKeeper(() => this.#model(), Math.random);
  #looks: QueueLooks | undefined;
  #connectedBefore = false;
  #server: ServerInfo = Object.freeze({ product: 'RabbitMQ', version: 'unknown' });

  constructor(
    private readonly hosts: readonly BrokerAddress[],
    private readonly options: ResolvedOptions,
  ) {
    this.capabilities = Object.freeze({ isServer: true, countsAtOnce: false, fastPath: options.fastPath });
    this.#publishing = this.#newConnection('publish');
    this.#ownPublisher = new AmqpPublisher(this.#publishing, {
      maxInFlight: options.maxInFlight,
      maxWaiting: options.maxWaiting,
      maxPendingBytes: options.maxPendingBytes,
      timeoutMs: options.publishTimeoutMs,
      fastPath: options.fastPath.on,
      onPublished: (startedAt, error) => options.events.onPublished?.(startedAt, error),
      onRefused: (code) => {
        if (code === 404) this.#restoreQuietly();
      },
      onUnroutable: (target) => {
        if (this.#topology.plans(target)) this.#restoreQuietly();
      },
    });
    this.#publishing.listen({ onUp: (model) => this.#connected(model), onDown: () => undefined });
    this.publisher = this.#ownPublisher;
  }

  get address(): string {
    return this.#publishing.address ?? this.hosts.map(({ label }) => label).join(', ');
  }

  get server(): ServerInfo {
    return this.#server;
  }

  async connect(): Promise<void> {
    await this.#publishing.open();
  }

  applyTopology(topology: Topology, mode: TopologyMode): Promise<void> {
    return this.#topology.apply(topology, mode);
  }

  declare(topology: Topology): Promise<void> {
    return applyTopology(this.#model(), topology, 'assert');
  }

  lock(name: string): Promise<() => Promise<void>> {
    return takeLock(this.#model(), name);
  }

  isLocked(name: string): Promise<boolean> {
    return isLocked(this.#model(), name);
  }

  async lifeline(name: string): Promise<() => Promise<void>> {
    const { login, tls, connectTimeoutMs } = this.options;
    const { model } = await dial(
      {
        address: { ...this.#publishing.host, heartbeatSeconds: 0 },
        name: `${this.options.name}:lifeline`,
        heartbeatSeconds: 0,
        connectTimeoutMs,
        login,
        tls,
      },
      new AbortController(),
    );
    // Once it is lost, it says nothing any more.
    model.on('error', () => undefined);
    const end = (): void => {
      this.#lifelines.delete(end);
      endConnection(model);
    };
    this.#lifelines.add(end);
    try {
      await takeLock(model, name);
    } catch (error) {
      end();
      throw error;
    }
    return async () => {
      await answered(closed(model), LIFELINE_CLOSE_MS).catch(() => undefined);
      end();
    };
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const subscription = new AmqpSubscription(this.#consumingConnection(), options, {
      onState: (queue, state, error) => {
        if (state === 'closed') this.#subscriptions.delete(subscription);
        this.options.events.onSubscription?.(queue, state, error);
      },
      restoreTopology: () => this.#topology.restore(),
    });
    this.#subscriptions.add(subscription);
    await subscription.open();
    return subscription;
  }

  openReader(queue: string, ahead = 0): Promise<QueueReader> {
    const { model } = this.#publishing;
    return ahead > 0 ? AmqpPrefetchingReader.open(model, queue, ahead) : AmqpReader.open(model, queue);
  }

  openScan(queue: string, maxAhead = MAX_WINDOW): Promise<QueueScan> {
    return AmqpScan.open(this.#publishing.model, queue, maxAhead);
  }

  async countReady(queue: string): Promise<number | undefined> {
    return (await this.queueState(queue))?.ready;
  }

  async queueState(queue: string): Promise<QueueState | undefined> {
    const model = this.#model();
    if (this.#looks?.model !== model) this.#looks = new QueueLooks(model);
    return this.#looks.look(queue);
  }

  deleteUnused(queue: string, type: QueueType): Promise<QueueDeletion> {
    return deleteUnused(this.#model(), queue, type);
  }

  get publishingConnection(): string {
    return this.#publishing.name;
  }

  async ping(): Promise<void> {
    await onOwnChannel(this.#model(), () => Promise.resolve());
  }

  async close(): Promise<void> {
    this.#topology.close();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#ownPublisher.close();
    for (const end of this.#lifelines) end();
    await Promise.all([this.#publishing, ...this.#consuming].map((connection) => connection.close()));
  }

  #model() {
    const { model } = this.#publishing;
    if (model === undefined) throw new ConnectionClosedError('it is lost at the moment');
    return model;
  }

  #newConnection(role: string): AmqpConnection {
    const { name, heartbeatSeconds, connectTimeoutMs, login, tls, events, fastPath } = this.options;
    return new AmqpConnection({
      hosts: this.hosts,
      name: `${name}:${role}`,
      heartbeatSeconds,
      connectTimeoutMs,
      login,
      tls,
      fastPath: fastPath.on,
      onState: (connection, state, address, error) => events.onConnection?.(connection, state, error, address),
    });
  }

  /** The one with the fewest subscriptions; a new one while there may be more and none is idle. */
  #consumingConnection(): AmqpConnection {
    const loadOf = (connection: AmqpConnection): number =>
      [...this.#subscriptions].filter((subscription) => subscription.connection === connection).length;
    const [leastUsed] = [...this.#consuming].sort((a, b) => loadOf(a) - loadOf(b));
    const mayAdd = this.#consuming.length < this.options.maxConsumerConnections;
    if (leastUsed !== undefined && (!mayAdd || loadOf(leastUsed) === 0)) return leastUsed;
    const connection = this.#newConnection(`consume-${this.#consuming.length + 1}`);
    this.#consuming.push(connection);
    return connection;
  }

  #connected(model: ChannelModel): void {
    this.#server = serverInfo(model);
    // What consumers and publishers miss they ask for themselves; an exchange between two queues is missed by nobody.
    if (this.#connectedBefore) this.#topology.reconnected();
    this.#connectedBefore = true;
  }

  /** A failure is told by whoever goes on missing something. */
  #restoreQuietly(): void {
    this.#topology.restore().catch(() => undefined);
  }
}

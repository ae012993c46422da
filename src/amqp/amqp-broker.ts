import type { ConnectionOptions } from 'node:tls';
import type {
  Broker,
  BrokerEvents,
  Publisher,
  QueueDeletion,
  QueueReader,
  QueueState,
  ServerInfo,
  SubscribeOptions,
  Subscription,
  TopologyMode,
} from '../broker/broker';
import { LockedError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import type { QueueType } from '../task/definition';
import type { TopologyDifference } from '../topology/compare';
import type { BindingSpec, Topology } from '../topology/topology';
import { type BrokerAddress, parseAddress } from './address';
import { AmqpPublisher } from './amqp-publisher';
import { AmqpReader } from './amqp-reader';
import { AmqpSubscription } from './amqp-subscription';
import { answered } from './answered';
import { applyTopology } from './apply-topology';
import { AmqpConnection } from './connection';
import { channelFailure } from './error-mapping';
import { deleteUnused, inspectTopology, queueState, unbindAll } from './queue-administration';

export interface AmqpBrokerOptions {
  readonly url: string;
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
  /** Connections that consume: queues share them in turn. 1 to 1,000. @defaultValue 16 */
  readonly maxConsumerConnections?: number;
  /** Options of `tls.connect`, for amqps. */
  readonly tls?: ConnectionOptions;
  readonly events?: BrokerEvents;
}

type ResolvedOptions = Required<Omit<AmqpBrokerOptions, 'url' | 'tls'>> & {
  readonly tls: ConnectionOptions | undefined;
};

export const DEFAULT_AMQP_OPTIONS = Object.freeze({
  name: 'warren',
  heartbeatSeconds: 10,
  connectTimeoutMs: 10_000,
  publishTimeoutMs: 15_000,
  maxInFlight: 1_000,
  maxConsumerConnections: 16,
});

const RPC_TIMEOUT_MS = 10_000;

/** RabbitMQ through amqplib. */
export function createAmqpBroker({ url, ...options }: AmqpBrokerOptions): Broker {
  return new AmqpBroker(parseAddress(url), {
    ...DEFAULT_AMQP_OPTIONS,
    events: {},
    tls: undefined,
    ...options,
  });
}

/**
 * Publishing and administration share one connection; consuming has others, because an alarm stops the broker from
 * reading a connection that publishes, its acknowledgements included, and because a message that amqplib cannot
 * decode closes the whole connection that it arrives on.
 */
class AmqpBroker implements Broker {
  readonly publisher: Publisher;
  readonly address: string;
  readonly #publishing: AmqpConnection;
  readonly #ownPublisher: AmqpPublisher;
  readonly #consuming: AmqpConnection[] = [];
  /** Two queues that share a connection begin at the same time: both wait for it. */
  readonly #opened = new Map<AmqpConnection, Promise<void>>();
  readonly #subscriptions = new Set<AmqpSubscription>();
  #nextConsuming = 0;
  #plan: { readonly topology: Topology; readonly mode: TopologyMode } | undefined;
  #restoring: Promise<void> | undefined;
  #server: ServerInfo = Object.freeze({ product: 'RabbitMQ', version: 'unknown' });

  constructor(
    private readonly brokerAddress: BrokerAddress,
    private readonly options: ResolvedOptions,
  ) {
    this.address = brokerAddress.label;
    this.#publishing = this.#newConnection('publish');
    this.#ownPublisher = new AmqpPublisher(this.#publishing, {
      maxInFlight: options.maxInFlight,
      timeoutMs: options.publishTimeoutMs,
      onRefused: (code) => {
        if (code === 404) this.#restoreTopology().catch(() => undefined);
      },
    });
    this.publisher = this.#ownPublisher;
  }

  get server(): ServerInfo {
    return this.#server;
  }

  async connect(): Promise<void> {
    await this.#publishing.open();
    const properties = this.#publishing.model?.connection.serverProperties;
    const cluster: unknown = properties?.['cluster_name'];
    this.#server = Object.freeze({
      product: String(properties?.product),
      version: String(properties?.version),
      ...(typeof cluster === 'string' ? { cluster } : {}),
    });
  }

  async applyTopology(topology: Topology, mode: TopologyMode): Promise<void> {
    await applyTopology(this.#model(), topology, mode);
    this.#plan = { topology, mode };
  }

  declare(topology: Topology): Promise<void> {
    return applyTopology(this.#model(), topology, 'assert');
  }

  /** An exclusive queue: the broker gives it to one connection, and deletes it with that. */
  async lock(name: string): Promise<() => Promise<void>> {
    const model = this.#model();
    const bounded = <T>(call: Promise<T>): Promise<T> => answered(model, call, RPC_TIMEOUT_MS);
    const channel = await bounded(model.createChannel());
    channel.on('error', () => undefined);
    try {
      const settings = { exclusive: true, durable: false, arguments: { 'x-queue-type': 'classic' } };
      await bounded(channel.assertQueue(name, settings));
    } catch (error) {
      throw channelFailure(error).code === 405 ? new LockedError(name) : error;
    }
    return async () => {
      // Lost with its connection: then it is free already.
      await bounded(channel.deleteQueue(name).then(() => channel.close())).catch(() => undefined);
    };
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const connection = await this.#consumingConnection();
    const subscription = new AmqpSubscription(connection, options, {
      onState: (queue, state, error) => {
        if (state === 'closed') this.#subscriptions.delete(subscription);
        this.options.events.onSubscription?.(queue, state, error);
      },
      restoreTopology: () => this.#restoreTopology(),
    });
    this.#subscriptions.add(subscription);
    await subscription.open();
    return subscription;
  }

  openReader(queue: string): Promise<QueueReader> {
    return AmqpReader.open(this.#publishing.model, queue);
  }

  async countReady(queue: string): Promise<number | undefined> {
    const model = this.#model();
    const bounded = <T>(call: Promise<T>): Promise<T> => answered(model, call, RPC_TIMEOUT_MS);
    const channel = await bounded(model.createChannel());
    channel.on('error', () => undefined);
    try {
      const { messageCount } = await bounded(channel.checkQueue(queue));
      await bounded(channel.close());
      return messageCount;
    } catch (error) {
      if (channelFailure(error).code === 404) return undefined;
      throw error;
    }
  }

  queueState(queue: string): Promise<QueueState | undefined> {
    return queueState(this.#model(), queue);
  }

  inspect(topology: Topology): Promise<readonly TopologyDifference[]> {
    return inspectTopology(this.#model(), topology);
  }

  unbind(bindings: readonly BindingSpec[]): Promise<void> {
    return unbindAll(this.#model(), bindings);
  }

  deleteUnused(queue: string, type: QueueType): Promise<QueueDeletion> {
    return deleteUnused(this.#model(), queue, type);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#ownPublisher.close();
    await Promise.all([this.#publishing, ...this.#consuming].map((connection) => connection.close()));
  }

  #model() {
    const { model } = this.#publishing;
    if (model === undefined) throw new ConnectionClosedError('it is lost at the moment');
    return model;
  }

  #newConnection(role: string): AmqpConnection {
    const { name, heartbeatSeconds, connectTimeoutMs, tls, events } = this.options;
    return new AmqpConnection({
      address: this.brokerAddress,
      name: `${name}:${role}`,
      heartbeatSeconds: this.brokerAddress.heartbeatSeconds ?? heartbeatSeconds,
      connectTimeoutMs,
      tls,
      onState: (connection, state, error) => events.onConnection?.(connection, state, error),
    });
  }

  async #consumingConnection(): Promise<AmqpConnection> {
    const index = this.#nextConsuming++ % this.options.maxConsumerConnections;
    const existing = this.#consuming[index];
    if (existing !== undefined) {
      await this.#opened.get(existing);
      return existing;
    }
    const connection = this.#newConnection(`consume-${index + 1}`);
    this.#consuming[index] = connection;
    const opened = connection.open();
    this.#opened.set(connection, opened);
    await opened;
    return connection;
  }

  /** Declares the plan again, once at a time: something of it was deleted while we ran. */
  #restoreTopology(): Promise<void> {
    this.#restoring ??= this.#applyPlan().finally(() => {
      this.#restoring = undefined;
    });
    return this.#restoring;
  }

  async #applyPlan(): Promise<void> {
    if (this.#plan?.mode === 'assert') await applyTopology(this.#model(), this.#plan.topology, 'assert');
  }
}

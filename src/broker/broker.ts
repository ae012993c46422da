import type { IncomingMessage, OutgoingMessage } from '../message/wire';
import type { QueueType } from '../task/definition';
import type { Topology } from '../topology/topology';
import type { BrokerAdmin } from './admin';
import type { BrokerCapabilities } from './capabilities';

/** What `applyTopology` does: declare; only look (passive); nothing. */
export type TopologyMode = 'assert' | 'verify' | 'off';

/** Who is at the other end. */
export interface ServerInfo {
  /** `RabbitMQ`, or `memory` for the embedded broker. For people: `capabilities` says what they can do. */
  readonly product: string;
  /** `4.3.6`. */
  readonly version: string;
  /** The cluster's name, where the server tells it. */
  readonly cluster?: string;
}

/** What a connection is doing. `blocked`: the broker holds back publishers. */
export type ConnectionState = 'connecting' | 'connected' | 'blocked' | 'closed';

/** What a broker tells about itself. Listeners must not throw. */
export interface BrokerEvents {
  /**
   * A connection changed its state. `name` tells publishing and consuming apart; `error` says why it was lost, or why an
   * attempt failed; `address` is the host that this is about, without credentials.
   */
  onConnection?(name: string, state: ConnectionState, error?: Error, address?: string): void;
  /** A subscription was lost or came back. */
  onSubscription?(queue: string, state: SubscriptionState, error?: Error): void;
  /** A message was confirmed, or is given up. @param startedAt - when it was handed over, by `performance.now()`. */
  onPublished?(startedAt: number, error?: Error): void;
}

/** A message broker, as Warren needs it: RabbitMQ through amqplib, or the embedded one. */
export interface Broker {
  /**
   * Connects for publishing and for administration. Consuming connections are made by `subscribe`.
   * @throws ConnectionFailedError when the first connection cannot be made.
   */
  connect(): Promise<void>;
  /** Known once `connect` has resolved. */
  readonly server: ServerInfo;
  readonly capabilities: BrokerCapabilities;
  readonly admin: BrokerAdmin;
  /** Where it is connected, or was last, without credentials, for people; before that, every host it may connect to. */
  readonly address: string;
  /**
   * Declares (or, by mode, looks for) everything of the plan, on a channel that is thrown away. The plan is kept and
   * applied again when the connection comes back.
   * @throws TopologyConflictError, TopologyMissingError
   */
  applyTopology(topology: Topology, mode: TopologyMode): Promise<void>;
  /**
   * Declares something beside the plan, which stays what it is.
   * @throws TopologyConflictError
   */
  declare(topology: Topology): Promise<void>;
  /**
   * Takes a lock by its name, for as long as the connection lives: of all processes, one has it.
   * @returns the function that gives it back.
   * @throws LockedError when somebody else has it.
   */
  lock(name: string): Promise<() => Promise<void>>;
  /**
   * Takes a lock that shows whether this process lives: on a connection of its own without heartbeats, which the broker
   * does not give up because the event loop stands still, and which the operating system closes when the process dies.
   * @returns the function that gives it back.
   */
  lifeline(name: string): Promise<() => Promise<void>>;
  /** Whether somebody holds a lock, or a lifeline, of this name. */
  isLocked(name: string): Promise<boolean>;
  readonly publisher: Publisher;
  /**
   * Resolves when the consumer is registered.
   * @throws QueueMissingError, ConnectionFailedError
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /**
   * Opens a queue for reading one message at a time, on a channel of its own.
   * @param ahead - how many messages may come before they are read; 0: each is asked for.
   * @throws QueueMissingError
   */
  openReader(queue: string, ahead?: number): Promise<QueueReader>;
  /**
   * Opens a queue to look through all of it, on a channel of its own.
   * @param maxAhead - how many messages may come before they are read, 1 to 512.
   * @throws QueueMissingError
   */
  openScan(queue: string, maxAhead?: number): Promise<QueueScan>;
  /**
   * Messages that are ready in a queue, in the order in which they would go out, without taking any. The embedded broker
   * alone can do this: AMQP has nothing of the kind.
   */
  peek?(queue: string): readonly IncomingMessage[];
  /** Messages that are ready in a queue, or `undefined` where there is no such queue. */
  countReady(queue: string): Promise<number | undefined>;
  /** What a queue tells anybody, or `undefined` where there is no such queue. */
  queueState(queue: string): Promise<QueueState | undefined>;
  /**
   * Deletes a queue that has no consumers and no ready messages. Of a classic queue RabbitMQ checks that itself, in one
   * step. A quorum queue can only be looked at and then deleted: what is published to it in between is lost, and counted.
   */
  deleteUnused(queue: string, type: QueueType): Promise<QueueDeletion>;
  /** Under which name `onConnection` tells of the connection that publishes. */
  readonly publishingConnection: string;
  /**
   * Resolves when the broker answers on the connection that publishes: a socket that looks healthy proves nothing.
   * @throws ConnectionClosedError when there is none, or no answer comes in 10 s.
   */
  ping(): Promise<void>;
  /** Closes everything. Bounded in time, can be called twice, never throws. */
  close(): Promise<void>;
}

/** A queue as a passive declare shows it: neither what is unsettled, nor what waits for a retry, is counted. */
export interface QueueState {
  readonly ready: number;
  readonly consumers: number;
}

export type QueueDeletion =
  | { readonly kind: 'missing' | 'in-use' }
  | {
      readonly kind: 'deleted';
      /** Messages that came after the look and went with the queue. */
      readonly lost: number;
    };

export interface PublishOptions {
  /** How long the confirm may take, waiting for a place and for a lost connection included; milliseconds. */
  readonly timeoutMs?: number;
  /**
   * Whether the payload is in memory anyway until the confirm, as a delivery's is. Then it does not count against
   * `maxPendingBytes`: refused, its copy would save nothing, and a payload above that limit could never be settled.
   */
  readonly isHeld?: boolean;
  /**
   * A queue that must be there, or the message is not sent: one that the message reaches later, which no answer of the
   * broker would say. Looked for once, within the timeout.
   */
  readonly requiredQueue?: string;
}

/** Publishes one message and tells what became of it. */
export interface Publisher {
  /**
   * Resolves when the broker has routed the message to at least one queue and confirmed it. Never resolves otherwise.
   * Messages are persistent and mandatory. When the connection is lost before the confirm, the message is published
   * again after reconnecting, within the timeout: a duplicate is possible, with the same message id.
   * @throws UnroutableError, NackedError, PublishRefusedError, PublishTimeoutError, BrokerBlockedError, TooManyWaitingError, ConnectionClosedError
   */
  publish(message: OutgoingMessage, options?: PublishOptions): Promise<void>;
  /**
   * The same for whoever sends thousands at a time, to whom a promise for each is too much: tells the end of the message
   * instead, once, with the error where `publish` would reject. Never throws.
   */
  send(message: OutgoingMessage, options: PublishOptions | undefined, onEnd: OnPublishEnd): void;
}

/** Told how a message ended: without an error, it was confirmed. Must not throw. */
export type OnPublishEnd = (error?: Error) => void;

/** `recovering`: not consuming now, and working on it. */
export type SubscriptionState = 'consuming' | 'recovering' | 'cancelled' | 'closed';

export interface SubscribeOptions {
  readonly queue: string;
  /** Unsettled deliveries that the broker may have outstanding here: 1 to 65,535. */
  readonly prefetch: number;
  /**
   * Quorum queues only: how long a delivery may be out before the broker takes it back, in milliseconds; `Infinity`: no
   * limit. Told to brokers that can be told for one consumer (RabbitMQ since 4.3). @defaultValue the broker's own
   */
  readonly ackTimeoutMs?: number | undefined;
  /** Takes a delivery. Must not throw. Not called after `cancel()` resolves. */
  onDelivery(delivery: Delivery): void;
}

/** A consumer that comes back by itself until it is cancelled. */
export interface Subscription {
  readonly queue: string;
  readonly state: SubscriptionState;
  /**
   * Resolves when the broker says, over the connection that this one consumes on, that its queue has a consumer.
   * @throws ConsumerMissingError when it has none, QueueMissingError
   * @throws ConnectionClosedError when there is no connection, or no answer comes in 10 s.
   */
  ping(): Promise<void>;
  /** Stops new deliveries; those that came already can still be settled. */
  cancel(): Promise<void>;
  /** Sends the settlements that wait, then ends the channel: what is unsettled goes back to the queue. Bounded, never throws. */
  close(): Promise<void>;
}

/**
 * One delivery of a message, bound to the channel it came on. The first settlement counts; a later one, or one after
 * that channel has died, does nothing and answers `false`: the broker has the message back already.
 */
export interface Delivery extends IncomingMessage {
  readonly queue: string;
  /** Failed deliveries of this message that the broker counted (`x-delivery-count`); 0 where it counts none. */
  readonly deliveryCount: number;
  /** `false` once its channel has died: the broker has the message back and will deliver it again. */
  readonly live: boolean;
  /** `true` where its channel was closed by the broker because some delivery on it was not settled in time. */
  readonly overdue: boolean;
  ack(): boolean;
  /** Back to the queue, not counted as a failure where the broker can tell the difference (`basic.nack`). */
  requeue(): boolean;
  /** To the queue's dead-letter exchange, by the broker (`basic.nack`, no requeue). The net below; settle by a confirmed copy where possible. */
  reject(): boolean;
}

/** Reads a queue one message at a time. Messages that were read and not settled go back when it closes. */
export interface QueueReader {
  /** The next ready message, or `undefined` when none is ready now. */
  next(): Promise<Delivery | undefined>;
  /** Resolves once the broker has taken every settlement so far: a process that is killed after that leaves them done. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Looks through a queue, however long: what is kept costs this process no memory, and the queue counts as used meanwhile.
 */
export interface QueueScan extends QueueReader {
  /** Leaves a message that `next` gave unsettled until the end. */
  keep(delivery: Delivery): void;
  /**
   * Gives back everything that is not settled, in the order in which it came and not counted as a failure where the
   * broker can tell the difference. Resolves when the queue shows it again. Never throws.
   */
  close(): Promise<void>;
}

import type { ConnectionOptions } from 'node:tls';
import { type ChannelModel, connect, credentials, type SocketOptions } from 'amqplib';
import type { ConnectionState } from '../broker/broker';
import type { ConnectionFailedError } from '../errors/broker-errors';
import { describeThrown } from '../errors/describe-thrown';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import type { BrokerAddress } from './address';
import { abandonCalls } from './answered';
import { withDeadline } from './deadline';
import { connectionFailure } from './error-mapping';
import { batchWrites, destroySocket } from './write-batching';

export interface AmqpConnectionOptions {
  readonly address: BrokerAddress;
  /** Shown in the broker's management page and in events. */
  readonly name: string;
  readonly heartbeatSeconds: number;
  /** Bounds the whole handshake, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Options of `tls.connect` for amqps. */
  readonly tls: ConnectionOptions | undefined;
  onState(name: string, state: ConnectionState, error?: Error): void;
}

/** What a user of the connection is told. Each is called once a connection; neither may throw. */
export interface ConnectionListener {
  onUp(model: ChannelModel): void;
  onDown(): void;
  onBlocked?(reason: string | undefined): void;
}

const FIRST_RETRY_MS = 50;
/** Reconnecting is cheap, and a worker should consume within 2 s of a broker that is back. */
const MAX_RETRY_MS = 1_500;
const CLOSE_TIMEOUT_MS = 2_000;
/** Twice the socket's default: what one turn of publishing writes leaves in one system call. */
const SOCKET_BUFFER_BYTES = 64 * 1024;

/**
 * One connection that comes back by itself.
 *
 * idle → connecting → up ⇄ blocked; up, blocked → (lost) → connecting → …; any → closed.
 * The first connection fails loudly; later ones are tried again for ever, with full jitter and a cap. amqplib's own
 * recovery is not used: it restores neither channels nor consumers, and cannot tell a wrong password from a broker
 * that is away.
 */
export class AmqpConnection {
  readonly name: string;
  #state: 'idle' | 'connecting' | 'up' | 'closed' = 'idle';
  #model: ChannelModel | undefined;
  #blocked: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retries = 0;
  #lastError: Error | undefined;
  readonly #listeners = new Set<ConnectionListener>();

  constructor(private readonly options: AmqpConnectionOptions) {
    this.name = options.name;
  }

  /** The live connection, or `undefined` while there is none. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Why the broker holds back publishers, or `undefined` when it does not. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  get lastError(): Error | undefined {
    return this.#lastError;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** Adds a listener; `onUp` is called at once when the connection is up. */
  listen(listener: ConnectionListener): () => void {
    this.#listeners.add(listener);
    if (this.#model !== undefined) listener.onUp(this.#model);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Makes the first connection. @throws ConnectionFailedError */
  async open(): Promise<void> {
    this.#state = 'connecting';
    this.options.onState(this.name, 'connecting');
    try {
      this.#up(await this.#dial());
    } catch (error) {
      if (this.#state === 'connecting') this.#state = 'idle';
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#retry);
    const model = this.#model;
    this.#model = undefined;
    if (model !== undefined) {
      for (const listener of this.#listeners) listener.onDown();
      await withDeadline(model.close(), CLOSE_TIMEOUT_MS, () => new ConnectionClosedError('no answer to close')).catch(
        () => undefined,
      );
      destroySocket(model);
      abandonCalls(model);
    }
    this.#listeners.clear();
    this.options.onState(this.name, 'closed');
  }

  async #dial(): Promise<ChannelModel> {
    const { address, connectTimeoutMs } = this.options;
    const socketOptions: SocketOptions & { readonly highWaterMark: number } = {
      ...this.options.tls,
      noDelay: true,
      keepAlive: true,
      timeout: connectTimeoutMs,
      highWaterMark: SOCKET_BUFFER_BYTES,
      credentials: credentials.plain(address.username, address.password),
      clientProperties: { connection_name: this.name },
    };
    const dialled = connect(
      {
        protocol: address.tls ? 'amqps' : 'amqp',
        hostname: address.host,
        port: address.port,
        // amqplib decodes it once more.
        vhost: encodeURIComponent(address.vhost),
        heartbeat: this.options.heartbeatSeconds,
      },
      socketOptions,
    );
    // amqplib's timeout counts silence; a peer that trickles bytes needs a bound on the whole.
    let abandoned = false;
    dialled.then((late) => abandoned && destroySocket(late)).catch(() => undefined);
    try {
      return await withDeadline(dialled, 2 * connectTimeoutMs, () => new Error('connect ETIMEDOUT'));
    } catch (error) {
      abandoned = true;
      throw connectionFailure(error, address.label);
    }
  }

  #up(model: ChannelModel): void {
    if (this.#state === 'closed') {
      destroySocket(model);
      throw new ConnectionClosedError('closed while connecting');
    }
    this.#state = 'up';
    this.#model = model;
    this.#retries = 0;
    batchWrites(model);
    model.on('error', (error: Error) => {
      this.#lastError = error;
    });
    model.on('close', (error?: Error) => this.#down(model, error));
    model.on('blocked', (reason: string) => this.#setBlocked(describeThrown(reason).message));
    model.on('unblocked', () => this.#setBlocked(undefined));
    this.options.onState(this.name, 'connected');
    for (const listener of [...this.#listeners]) listener.onUp(model);
  }

  #setBlocked(reason: string | undefined): void {
    this.#blocked = reason;
    this.options.onState(this.name, reason === undefined ? 'connected' : 'blocked');
    for (const listener of this.#listeners) listener.onBlocked?.(reason);
  }

  #down(model: ChannelModel, error: Error | undefined): void {
    if (this.#model !== model) return;
    this.#model = undefined;
    this.#blocked = undefined;
    destroySocket(model);
    this.#state = 'connecting';
    for (const listener of [...this.#listeners]) listener.onDown();
    this.options.onState(this.name, 'connecting', error ?? this.#lastError);
    this.#scheduleRetry();
  }

  #scheduleRetry(): void {
    // Full jitter: a thousand workers must not come back in one instant.
    const cap = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries++);
    this.#retry = setTimeout(() => void this.#reconnect(), Math.random() * cap);
  }

  async #reconnect(): Promise<void> {
    try {
      const model = await this.#dial();
      this.#up(model);
    } catch (error) {
      if (this.closed) return;
      this.#lastError = error as ConnectionFailedError;
      this.options.onState(this.name, 'connecting', this.#lastError);
      this.#scheduleRetry();
    }
  }
}

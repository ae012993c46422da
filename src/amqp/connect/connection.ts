import type { ChannelModel } from 'amqplib';
import type { ConnectionState } from '../../broker/broker';
import { ConnectionFailedError } from '../../errors/broker-errors';
import { describeThrown } from '../../errors/describe-thrown';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { realElapsed } from '../../time/real-timers';
import { readDeliveriesDirectly } from '../fast-path/direct-deliveries';
import { batchWrites } from '../fast-path/write-batching';
import type { BrokerAddress } from './address';
import { answered, closed } from './channels';
import { type Dialled, dial } from './dial';
import { endConnection } from './end-connection';
import { allFailed, connectionLoss } from './error-mapping';
import { readHeadersBounded } from './header-frames';
import { HostOrder } from './host-order';
import type { Login, LoginSource } from './login';
import { reconnectDelay } from './reconnect-delay';
import { SecretRenewal } from './secret-renewal';
import type { TlsSource } from './tls';

export interface AmqpConnectionOptions {
  /** Where the broker is; with several, one is as good as the other. */
  readonly hosts: readonly BrokerAddress[];
  /** Shown in the broker's management page and in events. */
  readonly name: string;
  /** Where an address itself does not say. */
  readonly heartbeatSeconds: number;
  /** Bounds the handshake, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly login: LoginSource;
  readonly tls: TlsSource;
  /** Whether plain messages take the short way past amqplib. */
  readonly fastPath: boolean;
  /** @param address - the host that this is about, without credentials. */
  onState(name: string, state: ConnectionState, address: string, error?: Error): void;
}

/** What a user of the connection is told. Each is called once a connection; none may throw. */
export interface ConnectionListener {
  onUp(model: ChannelModel): void;
  onDown(): void;
  onBlocked?(reason: string | undefined): void;
}

const CLOSE_TIMEOUT_MS = 2_000;
/** A connection that ends sooner than this counts as one more failed attempt: what flaps is asked for ever less often. */
const STABLE_MS = 2_000;
/** While a connection is away for one and the same reason, it is said this often. */
const REMIND_MS = 60_000;

/**
 * One connection that comes back by itself.
 *
 * - idle → connecting: `open()`. connecting → idle: no host could be connected to, which `open()` says; it may be called
 *   again.
 * - connecting → up: the handshake is done.
 * - up ⇄ blocked: an alarm of the broker begins and ends. It ends with the connection, too: the next one is told anew.
 * - up, blocked → connecting: lost. Every listener hears `onDown`, and attempts follow for ever, with full jitter under a
 *   cap that doubles. A connection that was lost at once counts as a failed attempt. Each attempt goes to the next host.
 * - any → closed: `close()`. An attempt that is under way is given up.
 *
 * amqplib's own recovery is not used: it restores neither channels nor consumers, cannot tell a wrong password from a
 * broker that is away, and ends the process when the socket dies in its set-up.
 */
export class AmqpConnection {
  readonly name: string;
  #state: 'idle' | 'connecting' | 'up' | 'closed' = 'idle';
  #opening: Promise<void> | undefined;
  #attempt: AbortController | undefined;
  #model: ChannelModel | undefined;
  #upSince = 0;
  #blocked: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retries = 0;
  #lastError: Error | undefined;
  /** By host: where several refuse for reasons of their own, each is said once. */
  readonly #said = new Map<string, { readonly message: string; readonly at: number }>();
  readonly #hosts: HostOrder<BrokerAddress>;
  #address: string | undefined;
  #renewal: SecretRenewal | undefined;
  readonly #listeners = new Set<ConnectionListener>();

  constructor(private readonly options: AmqpConnectionOptions) {
    this.name = options.name;
    this.#hosts = new HostOrder(options.hosts, Math.random);
  }

  /** The host that it is connected to, or was last; `undefined` before that. */
  get address(): string | undefined {
    return this.#address;
  }

  /** The host that it is connected to, or tries next. */
  get host(): BrokerAddress {
    return this.#hosts.current;
  }

  /** The live connection, or `undefined` while there is none. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Why the broker holds back publishers, or `undefined` when it does not. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  /** Why there is no connection; `undefined` while there is one. */
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

  /** Makes the first connection; does nothing once it was made. @throws ConnectionFailedError */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#retry);
    this.#renewal?.stop();
    this.#attempt?.abort(new ConnectionClosedError('closed while connecting'));
    const model = this.#model;
    this.#model = undefined;
    if (model !== undefined) {
      for (const listener of [...this.#listeners]) listener.onDown();
      await answered(closed(model), CLOSE_TIMEOUT_MS).catch(() => undefined);
      endConnection(model);
    }
    this.#listeners.clear();
    this.#tell('closed');
  }

  async #open(): Promise<void> {
    if (this.closed) throw new ConnectionClosedError('it was closed by this process');
    this.#state = 'connecting';
    this.#tell('connecting');
    try {
      await this.#connectFirst();
    } catch (error) {
      if (this.#state === 'connecting') this.#state = 'idle';
      throw error;
    }
  }

  /** Asks every host once: a start fails when none of them can be connected to. What each says is told. */
  async #connectFirst(): Promise<void> {
    const failures: ConnectionFailedError[] = [];
    for (;;) {
      try {
        return await this.#connect();
      } catch (error) {
        if (!(error instanceof ConnectionFailedError)) throw error;
        failures.push(error);
        if (failures.length >= this.#hosts.size) throw allFailed(failures);
        this.#say(error, error.address);
      }
    }
  }

  async #connect(): Promise<void> {
    if (this.closed) throw new ConnectionClosedError('closed while connecting');
    this.#attempt = new AbortController();
    const address = this.#hosts.current;
    try {
      this.#up(await dial({ ...this.options, address }, this.#attempt), address);
    } catch (error) {
      this.#hosts.next();
      throw error;
    } finally {
      this.#attempt = undefined;
    }
  }

  #up({ model, login }: Dialled, address: BrokerAddress): void {
    if (this.closed) {
      endConnection(model);
      throw new ConnectionClosedError('closed while connecting');
    }
    this.#state = 'up';
    this.#model = model;
    this.#upSince = realElapsed();
    this.#lastError = undefined;
    this.#said.clear();
    this.#address = address.label;
    this.#renewal = this.#renew(model, login, address);
    if (this.options.fastPath) batchWrites(model);
    readHeadersBounded(model);
    if (this.options.fastPath) readDeliveriesDirectly(model);
    // The one that follows, `close`, does not carry every reason.
    model.on('error', (error: Error) => {
      this.#lastError = connectionLoss(error);
    });
    model.on('close', (error?: Error) => this.#down(model, error));
    model.on('blocked', (reason: string) => this.#setBlocked(model, describeThrown(reason).message));
    model.on('unblocked', () => this.#setBlocked(model, undefined));
    this.#tell('connected');
    for (const listener of [...this.#listeners]) listener.onUp(model);
  }

  #renew(model: ChannelModel, login: Login, address: BrokerAddress): SecretRenewal {
    return new SecretRenewal({
      model,
      login,
      ask: () => this.options.login(address),
      isBlocked: () => this.#blocked !== undefined,
      onOutcome: (error) => {
        if (error !== undefined) return this.#say(error, address.label, 'connected');
        this.#said.clear();
        this.#tell('connected');
      },
      notNewer: () =>
        new ConnectionFailedError(
          address.label,
          'no-credentials',
          'the credentials function gave what expires no later than what is in use. Let it ask for new ones in time.',
        ),
    });
  }

  #setBlocked(model: ChannelModel, reason: string | undefined): void {
    if (this.#model !== model) return;
    this.#blocked = reason;
    this.#tell(reason === undefined ? 'connected' : 'blocked');
    for (const listener of [...this.#listeners]) listener.onBlocked?.(reason);
  }

  #down(model: ChannelModel, error: Error | undefined): void {
    if (this.#model !== model) return;
    this.#model = undefined;
    this.#blocked = undefined;
    this.#renewal?.stop();
    this.#lastError = error === undefined ? (this.#lastError ?? connectionLoss(error)) : connectionLoss(error);
    endConnection(model);
    this.#state = 'connecting';
    if (realElapsed() - this.#upSince >= STABLE_MS) this.#retries = 0;
    for (const listener of [...this.#listeners]) listener.onDown();
    this.#say(this.#lastError, this.#hosts.current.label);
    this.#hosts.next();
    this.#scheduleRetry(undefined);
  }

  #scheduleRetry(error: unknown): void {
    const reason = error instanceof ConnectionFailedError ? error.reason : undefined;
    const delayMs = reconnectDelay(this.#retries++, reason, Math.random());
    this.#retry = setTimeout(() => void this.#reconnect(), delayMs);
  }

  async #reconnect(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      if (this.closed) return;
      this.#lastError = error as Error;
      this.#say(this.#lastError, addressOf(error) ?? this.#hosts.current.label);
      this.#scheduleRetry(error);
    }
  }

  /** Says why there is no connection, or soon none: when the reason changes, and now and then, but not at every attempt. */
  #say(error: Error, address: string, state: ConnectionState = 'connecting'): void {
    const now = realElapsed();
    const { message } = error;
    const said = this.#said.get(address);
    if (said?.message === message && now - said.at < REMIND_MS) return;
    this.#said.set(address, { message, at: now });
    this.options.onState(this.name, state, address, error);
  }

  #tell(state: ConnectionState): void {
    this.options.onState(this.name, state, this.#hosts.current.label);
  }
}

const addressOf = (error: unknown): string | undefined =>
  error instanceof ConnectionFailedError ? error.address : undefined;

import type { ChannelModel, ConsumeMessage } from 'amqplib';
import type { SubscribeOptions, Subscription, SubscriptionState } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';
import { answered } from './answered';
import type { AmqpConnection } from './connection';
import { withDeadline } from './deadline';
import { channelFailure } from './error-mapping';

export interface AmqpSubscriptionHooks {
  onState(queue: string, state: SubscriptionState, error?: Error): void;
  /** Declares again what is missing: the queue was gone. */
  restoreTopology(): Promise<void>;
}

const RPC_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 1_000;

/**
 * A consumer that comes back by itself.
 *
 * recovering → consuming → (connection, channel, consumer or queue lost) → recovering → …;
 * consuming, recovering → cancelled → closed.
 * Each channel is a generation of its own; deliveries of an earlier one settle nothing.
 */
export class AmqpSubscription implements Subscription {
  readonly queue: string;
  #state: SubscriptionState = 'recovering';
  #generation: ChannelGeneration | undefined;
  #consumerTag: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retries = 0;
  #settingUp = false;
  #unlisten: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly connection: AmqpConnection,
    private readonly options: SubscribeOptions,
    private readonly hooks: AmqpSubscriptionHooks,
  ) {
    this.queue = options.queue;
  }

  /**
   * Consumes for the first time; only this one fails loudly.
   * @throws QueueMissingError, ConnectionClosedError
   */
  async open(): Promise<void> {
    const { model } = this.connection;
    if (model === undefined) throw new ConnectionClosedError('it was lost before the first consumer');
    try {
      await this.#openChannel(model);
    } catch (error) {
      this.#become('closed');
      throw channelFailure(error).code === 404 ? new QueueMissingError(this.queue) : error;
    }
    this.#unlisten = this.connection.listen({
      onUp: () => this.#recover(0),
      onDown: () => this.#lost(this.#generation, this.connection.lastError),
    });
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  async cancel(): Promise<void> {
    if (this.#state === 'cancelled' || this.#state === 'closed') return;
    this.#become('cancelled');
    clearTimeout(this.#retry);
    const tag = this.#consumerTag;
    const generation = this.#generation;
    if (tag === undefined || generation === undefined || !generation.alive) return;
    await bounded(generation.channel.cancel(tag), RPC_TIMEOUT_MS).catch(() => undefined);
  }

  /** A second call waits for the first. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.cancel();
    this.#unlisten?.();
    const generation = this.#generation;
    if (generation?.alive === true) {
      generation.flush();
      const closing = bounded(generation.channel.close(), CLOSE_TIMEOUT_MS).catch(() => undefined);
      generation.end();
      await closing;
    }
    // Not before: amqplib lets the close of a connection overtake what its channels have not written yet.
    this.#become('closed');
  }

  #become(state: SubscriptionState, error?: Error): void {
    if (this.#state === state) return;
    this.#state = state;
    this.hooks.onState(this.queue, state, error);
  }

  get #wanted(): boolean {
    return this.#state === 'consuming' || this.#state === 'recovering';
  }

  #lost(generation: ChannelGeneration | undefined, error: Error | undefined): void {
    generation?.end();
    if (generation !== this.#generation || !this.#wanted) return;
    this.#generation = undefined;
    this.#consumerTag = undefined;
    this.#become('recovering', error);
  }

  #recover(delayMs: number): void {
    clearTimeout(this.#retry);
    if (!this.#wanted) return;
    this.#retry = setTimeout(() => void this.#setUp(), delayMs);
  }

  #recoverLater(): void {
    const cap = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries++);
    this.#recover(Math.random() * cap);
  }

  async #setUp(): Promise<void> {
    const model = this.connection.model;
    if (model === undefined || this.#settingUp || !this.#wanted || this.#generation?.alive === true) return;
    this.#settingUp = true;
    try {
      await this.#openChannel(model);
    } catch (error) {
      await this.#setUpFailed(model, error);
    } finally {
      this.#settingUp = false;
      // Lost, and perhaps back, while the broker answered: that its return was told to nobody must not be the end.
      if (this.connection.model !== model) this.#recover(0);
    }
  }

  async #openChannel(model: ChannelModel): Promise<void> {
    const channel = await answered(model, model.createChannel(), RPC_TIMEOUT_MS);
    const generation = new ChannelGeneration(channel);
    let failure: Error | undefined;
    channel.on('error', (error: Error) => {
      failure = error;
    });
    channel.on('close', () => {
      const current = generation === this.#generation;
      this.#lost(generation, failure);
      if (current && this.connection.model === model) this.#recoverLater();
    });
    await answered(model, channel.prefetch(this.options.prefetch, false), RPC_TIMEOUT_MS);
    if (!this.#wanted) return void channel.close().catch(() => undefined);
    this.#generation = generation;
    await this.#consume(model, generation);
  }

  async #consume(model: ChannelModel, generation: ChannelGeneration): Promise<void> {
    const consumed = generation.channel.consume(this.queue, (message) => this.#received(generation, message), {
      noAck: false,
    });
    const { consumerTag } = await answered(model, consumed, RPC_TIMEOUT_MS);
    if (!this.#wanted) return void (await answered(model, generation.channel.cancel(consumerTag), RPC_TIMEOUT_MS));
    this.#consumerTag = consumerTag;
    this.#retries = 0;
    if (generation.alive) this.#become('consuming');
  }

  async #setUpFailed(model: ChannelModel, error: unknown): Promise<void> {
    const { code } = channelFailure(error);
    if (!this.#wanted) return;
    this.#lost(this.#generation, error instanceof Error ? error : undefined);
    if (code === 404) await this.hooks.restoreTopology().catch(() => undefined);
    if (this.connection.model === model) this.#recoverLater();
  }

  #received(generation: ChannelGeneration, message: ConsumeMessage | null): void {
    if (message === null) {
      void this.#cancelledByBroker(generation);
      return;
    }
    const delivery = new AmqpDelivery(this.queue, message, generation);
    // What arrives between our cancel and the broker's answer was never started.
    if (this.#wanted) this.options.onDelivery(delivery);
    else delivery.requeue();
  }

  /**
   * The broker ended the consumer: its queue was deleted or moved, or an acknowledgement took too long. The old tag
   * is cancelled first, because since 4.3 a consumer that timed out stays registered and may be served again, which
   * amqplib answers by closing the channel. The channel itself lives, so running tasks can still be settled.
   */
  async #cancelledByBroker(generation: ChannelGeneration): Promise<void> {
    const tag = this.#consumerTag;
    this.#consumerTag = undefined;
    const { model } = this.connection;
    if (!this.#wanted || !generation.alive || model === undefined) return;
    this.#become('recovering', new ConnectionClosedError(`the broker cancelled the consumer of queue "${this.queue}"`));
    try {
      if (tag !== undefined) await answered(model, generation.channel.cancel(tag), RPC_TIMEOUT_MS);
      if (this.#wanted && generation.alive) await this.#consume(model, generation);
    } catch {
      // A queue that is gone closes the channel with a 404: its `close` event goes on from here.
      if (channelStillOpen(generation))
        await bounded(generation.channel.close(), CLOSE_TIMEOUT_MS).catch(() => undefined);
    }
  }
}

const channelStillOpen = (generation: ChannelGeneration): boolean => generation.alive;

const bounded = <T>(promise: Promise<T>, timeoutMs: number): Promise<T> =>
  withDeadline(promise, timeoutMs, () => new ConnectionClosedError('the broker did not answer in time'));

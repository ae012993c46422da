import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { SubscribeOptions, Subscription, SubscriptionState } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';
import { answered, closeChannel, onOwnChannel, openChannel } from './channels';
import type { AmqpConnection } from './connection';
import { channelError, channelFailure } from './error-mapping';

export interface AmqpSubscriptionHooks {
  onState(queue: string, state: SubscriptionState, error?: Error): void;
  /** Declares again what is missing: the queue was gone. */
  restoreTopology(): Promise<void>;
}

const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 1_000;
/** A consumer that ends sooner than this counts as one more failed attempt. */
const STABLE_MS = 2_000;

/**
 * A consumer that comes back by itself.
 *
 * - recovering → consuming: a channel is open and a consumer is registered on it.
 * - consuming → recovering: the connection or the channel went; or the broker cancelled the consumer, which leaves the
 *   channel alive, so that running tasks can still be settled and the next consumer uses it again.
 * - recovering → recovering: an attempt failed. A 404 declares the plan again first. Attempts follow for ever while the
 *   connection is up, with full jitter; when it is not, its `onUp` starts the next one.
 * - consuming, recovering → cancelled → closed.
 *
 * Each channel is a generation of its own; deliveries of an earlier one are neither run nor settled.
 */
export class AmqpSubscription implements Subscription {
  readonly queue: string;
  #state: SubscriptionState = 'recovering';
  #generation: ChannelGeneration | undefined;
  #consumerTag: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retries = 0;
  #consumingSince = 0;
  #settingUp = false;
  #unlisten: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    readonly connection: AmqpConnection,
    private readonly options: SubscribeOptions,
    private readonly hooks: AmqpSubscriptionHooks,
  ) {
    this.queue = options.queue;
  }

  /**
   * Consumes for the first time; only this one fails loudly.
   * @throws ConnectionFailedError, QueueMissingError, AccessRefusedError, ConnectionClosedError
   */
  async open(): Promise<void> {
    try {
      await this.connection.open();
      const { model } = this.connection;
      // Lost meanwhile, or not back yet: from here on it comes back by itself.
      if (model !== undefined) await this.#openChannel(model);
    } catch (error) {
      clearTimeout(this.#retry);
      this.#become('closed');
      if (channelFailure(error).code === 404) throw new QueueMissingError(this.queue);
      throw channelError(error, `consume queue "${this.queue}"`);
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
    await answered(generation.channel.cancel(tag)).catch(() => undefined);
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
      const closing = closeChannel(generation.channel);
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

  /** @returns whether it was the one in use. */
  #lost(generation: ChannelGeneration | undefined, error: Error | undefined): boolean {
    generation?.end();
    if (generation === undefined || generation !== this.#generation || !this.#wanted) return false;
    this.#generation = undefined;
    this.#noConsumer();
    this.#become('recovering', error ?? new ConnectionClosedError('the channel ended with it'));
    return true;
  }

  #noConsumer(): void {
    if (this.#consumerTag === undefined) return;
    this.#consumerTag = undefined;
    if (performance.now() - this.#consumingSince >= STABLE_MS) this.#retries = 0;
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
    const { model } = this.connection;
    if (model === undefined || this.#settingUp || !this.#wanted || this.#consumerTag !== undefined) return;
    this.#settingUp = true;
    try {
      if (this.#generation?.alive === true) await this.#consume(this.#generation);
      else await this.#openChannel(model);
    } catch (error) {
      await this.#setUpFailed(error);
    } finally {
      this.#settingUp = false;
    }
  }

  async #openChannel(model: ChannelModel): Promise<void> {
    const channel = await openChannel(model);
    const generation = new ChannelGeneration(channel);
    this.#watch(channel, generation);
    try {
      await answered(channel.prefetch(this.options.prefetch, false));
      if (!this.#wanted) return void closeChannel(channel);
      this.#generation = generation;
      await this.#consume(generation);
    } catch (error) {
      // An answer that comes later must not leave a consumer behind that nobody knows.
      generation.end();
      void closeChannel(channel);
      throw error;
    }
  }

  #watch(channel: Channel, generation: ChannelGeneration): void {
    let failure: Error | undefined;
    channel.on('error', (error: Error) => {
      failure = error;
    });
    channel.on('close', () => {
      if (this.#lost(generation, failure ?? this.connection.lastError)) this.#recoverLater();
    });
  }

  async #consume(generation: ChannelGeneration): Promise<void> {
    const consumed = generation.channel.consume(this.queue, (message) => this.#received(generation, message), {
      noAck: false,
    });
    const { consumerTag } = await answered(consumed);
    if (!this.#wanted) return void (await answered(generation.channel.cancel(consumerTag)));
    if (!generation.alive || this.#generation !== generation) return;
    this.#consumerTag = consumerTag;
    this.#consumingSince = performance.now();
    this.#become('consuming');
  }

  async #setUpFailed(error: unknown): Promise<void> {
    if (!this.#wanted) return;
    const generation = this.#generation;
    const reason = channelError(error, `consume queue "${this.queue}"`);
    const told = reason instanceof Error ? reason : undefined;
    if (!this.#lost(generation, told)) this.#become('recovering', told);
    if (generation !== undefined) void closeChannel(generation.channel);
    if (channelFailure(error).code === 404) await this.#restoreTopology();
    // Whichever connection is up by now: one that came back while we were busy has been told already.
    this.#recoverLater();
  }

  async #restoreTopology(): Promise<void> {
    try {
      await this.hooks.restoreTopology();
    } catch (error) {
      if (this.#wanted) this.#become('recovering', error as Error);
    }
  }

  #received(generation: ChannelGeneration, message: ConsumeMessage | null): void {
    if (message === null) {
      void this.#cancelledByBroker(generation);
      return;
    }
    // The broker holds what a channel delivered that was given up, until that is closed. It comes again.
    if (!generation.alive || generation !== this.#generation) return;
    const delivery = new AmqpDelivery(this.queue, message, generation);
    // What arrives between our cancel and the broker's answer was never started.
    if (this.#wanted) this.options.onDelivery(delivery);
    else delivery.requeue();
  }

  /**
   * The broker ended the consumer: its queue was deleted or moved, or an acknowledgement took too long. The old tag
   * is cancelled first, because since 4.3 a consumer that timed out stays registered and may be served again, which
   * amqplib answers by closing the channel. Then the queue is looked for, on another channel: consuming what is gone
   * would close this one. It lives, so running tasks can still be settled.
   */
  async #cancelledByBroker(generation: ChannelGeneration): Promise<void> {
    const tag = this.#consumerTag;
    const { model } = this.connection;
    if (!this.#wanted || generation !== this.#generation || model === undefined || this.#settingUp) return;
    this.#settingUp = true;
    this.#noConsumer();
    this.#become('recovering', new ConnectionClosedError(`the broker cancelled the consumer of queue "${this.queue}"`));
    try {
      if (tag !== undefined) await answered(generation.channel.cancel(tag));
      await this.#lookForQueue(model);
      this.#recoverLater();
    } catch (error) {
      await this.#setUpFailed(error);
    } finally {
      this.#settingUp = false;
    }
  }

  async #lookForQueue(model: ChannelModel): Promise<void> {
    try {
      await onOwnChannel(model, (channel) => channel.checkQueue(this.queue));
    } catch (error) {
      if (channelFailure(error).code !== 404) throw error;
      this.#become('recovering', new QueueMissingError(this.queue));
      await this.#restoreTopology();
    }
  }
}

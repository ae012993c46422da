import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { SubscribeOptions, Subscription, SubscriptionState } from '../../broker/broker';
import { AckTimeoutError, ConsumerMissingError, QueueMissingError } from '../../errors/broker-errors';
import { describeThrown } from '../../errors/describe-thrown';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { realElapsed } from '../../time/real-timers';
import { ackLimit, ackTimeoutArgument } from '../../topology/ack-timeout';
import { answered, closeChannel, onOwnChannel, openChannel } from '../connect/channels';
import type { AmqpConnection } from '../connect/connection';
import { channelError, channelFailure, consumerLoss } from '../connect/error-mapping';
import { serverInfo } from '../connect/server-info';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';

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
 * - recovering → recovering: an attempt failed, which is said when the reason is another one. A 404 declares the plan
 *   again, so the first one is no more than a step on the way back. Attempts follow for ever while the connection is up,
 *   with full jitter; when it is not, its `onUp` starts the next one.
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
  /** An attempt is under way: it tells what becomes of its channel, and goes on from there. */
  #settingUp = false;
  #said: string | undefined;
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
    this.#settingUp = true;
    try {
      await this.connection.open();
      const { model } = this.connection;
      // Lost meanwhile, or not back yet: from here on it comes back by itself.
      if (model !== undefined) await this.#openChannel(model);
    } catch (error) {
      this.#become('closed');
      throw this.#reasonOf(error);
    } finally {
      this.#settingUp = false;
    }
    if (!this.#wanted) return;
    this.#unlisten = this.connection.listen({
      onUp: () => this.#recover(0),
      onDown: () => this.#lost(this.#generation, this.connection.lastError),
    });
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  async ping(): Promise<void> {
    const { model } = this.connection;
    const tag = this.#consumerTag;
    const generation = this.#generation;
    if (model === undefined) throw new ConnectionClosedError('it is lost at the moment');
    const asked = onOwnChannel(model, (channel) => channel.checkQueue(this.queue));
    const { consumerCount } = await asked.catch((error: unknown) => Promise.reject(this.#reasonOf(error)));
    const isSame = tag !== undefined && tag === this.#consumerTag && generation === this.#generation;
    if (consumerCount > 0 || !isSame || generation === undefined) return;
    // Cancelled, then, and nobody has said so.
    void this.#cancelledByBroker(generation);
    throw new ConsumerMissingError(this.queue);
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
    // The same state is said again for another reason: hours later, somebody will want to know that.
    if (this.#state === state && (error === undefined || error.message === this.#said)) return;
    this.#state = state;
    this.#said = error?.message;
    this.hooks.onState(this.queue, state, error);
  }

  get #wanted(): boolean {
    return this.#state === 'consuming' || this.#state === 'recovering';
  }

  #reasonOf(error: unknown): Error {
    if (channelFailure(error).code === 404) return new QueueMissingError(this.queue);
    const reason = channelError(error, `consume queue "${this.queue}"`);
    return reason instanceof Error ? reason : new ConnectionClosedError(describeThrown(reason).message);
  }

  #lost(generation: ChannelGeneration | undefined, error: Error | undefined): void {
    generation?.end();
    if (generation === undefined || generation !== this.#generation || !this.#wanted) return;
    this.#generation = undefined;
    this.#noConsumer();
    if (this.#state === 'consuming')
      this.#become('recovering', error ?? new ConnectionClosedError('its channel ended'));
  }

  #noConsumer(): void {
    if (this.#consumerTag === undefined) return;
    this.#consumerTag = undefined;
    if (realElapsed() - this.#consumingSince >= STABLE_MS) this.#retries = 0;
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
    const generation = new ChannelGeneration(channel, this.options.prefetch);
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
      failure = consumerLoss(error, this.queue);
      if (failure instanceof AckTimeoutError) generation.endOverdue();
    });
    channel.on('close', () => {
      // An attempt that is under way fails with it, and goes on by itself.
      if (this.#settingUp || generation !== this.#generation) return;
      this.#lost(generation, failure ?? this.connection.lastError);
      this.#recoverLater();
    });
  }

  async #consume(generation: ChannelGeneration): Promise<void> {
    const { channel } = generation;
    const consumed = channel.consume(this.queue, (message) => this.#received(generation, message), {
      noAck: false,
      arguments: this.#arguments(),
    });
    const { consumerTag } = await answered(consumed);
    if (!this.#wanted) return void (await answered(generation.channel.cancel(consumerTag)));
    // Check before the next await: the close handler ignores a channel that is still being set up.
    if (!generation.alive) throw new ConnectionClosedError('the channel ended when it began to consume');
    this.#consumerTag = consumerTag;
    this.#consumingSince = realElapsed();
    this.#become('consuming');
  }

  /** An older broker would take the argument, too, and do nothing about it. */
  #arguments(): Record<string, unknown> {
    const { model } = this.connection;
    const { ackTimeoutMs } = this.options;
    if (model === undefined || ackTimeoutMs === undefined) return {};
    const told = ackLimit(serverInfo(model).version, 'quorum') === 'by-consumer';
    return told ? { 'x-consumer-timeout': ackTimeoutArgument(ackTimeoutMs) } : {};
  }

  async #setUpFailed(error: unknown): Promise<void> {
    if (!this.#wanted) return;
    const reason = this.#reasonOf(error);
    const generation = this.#generation;
    this.#lost(generation, reason);
    if (generation !== undefined) void closeChannel(generation.channel);
    const missing = reason instanceof QueueMissingError;
    // Without a connection, the reason is the connection's. The first 404 is the one that the plan is declared for.
    if (this.connection.model !== undefined && !(missing && this.#retries <= 1)) this.#become('recovering', reason);
    if (missing) await this.#restoreTopology();
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
      // Before its registration was told: that attempt must not end well.
      if (this.#settingUp) generation.end();
      else void this.#cancelledByBroker(generation);
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
    if (!this.#wanted || generation !== this.#generation || model === undefined) return;
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
      await this.#restoreTopology();
    }
  }
}

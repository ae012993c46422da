import type { SubscribeOptions, Subscription, SubscriptionState } from '../broker/broker';
import { ConsumerMissingError, QueueMissingError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import { inOwnContext } from '../events/async-context';
import { MemoryChannel, type MemoryDelivery } from './memory-channel';
import type { MemoryQueue, QueueConsumer } from './memory-queue';
import type { QueuedMessage } from './ready-messages';
import type { VirtualHost } from './virtual-host';

export interface MemorySubscriptionHooks {
  isConnected(): boolean;
  onState(queue: string, state: SubscriptionState, error?: Error): void;
  /** Declares again what is missing: the queue was gone. Never throws. */
  restoreTopology(): void;
}

/**
 * A consumer that comes back by itself.
 *
 * consuming → (connection lost, queue deleted) → recovering → consuming; consuming, recovering → cancelled → closed.
 * Only a lost connection ends the channel: after its queue was deleted, deliveries can still be settled.
 */
export class MemorySubscription implements Subscription, QueueConsumer {
  readonly queue: string;
  #state: SubscriptionState = 'recovering';
  #channel = this.#newChannel();
  #source: MemoryQueue | undefined;
  /** Handed out by the queue and not yet to the user, who must not be called back by what he calls. */
  #outbox: MemoryDelivery[] = [];
  #stopWaiting: (() => void) | undefined;

  constructor(
    private readonly vhost: VirtualHost,
    private readonly options: SubscribeOptions,
    private readonly hooks: MemorySubscriptionHooks,
  ) {
    this.queue = options.queue;
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  /** Begins, or begins again, to consume. Without the queue it waits for its declaration. */
  consume(): void {
    if (this.#state !== 'recovering' || this.#source !== undefined || !this.hooks.isConnected()) return;
    if (this.vhost.queue(this.queue) === undefined) this.hooks.restoreTopology();
    const source = this.vhost.queue(this.queue);
    if (source === undefined) {
      this.#stopWaiting ??= this.vhost.awaitQueue(this.queue, () => this.#queueDeclared());
      return;
    }
    if (!this.#channel.alive) this.#channel = this.#newChannel();
    this.#source = source;
    this.#become('consuming');
    source.addConsumer(this);
  }

  /** The connection is gone; `consume` begins again. */
  connectionLost(error: Error): void {
    const source = this.#source;
    this.#detach();
    if (this.#state === 'consuming') this.#become('recovering', error);
    this.#channel.end();
    source?.serve();
  }

  async ping(): Promise<void> {
    if (!this.hooks.isConnected()) throw new ConnectionClosedError('it is lost at the moment');
    const queue = this.vhost.queue(this.queue);
    if (queue === undefined) throw new QueueMissingError(this.queue);
    if (queue.consumerCount === 0) throw new ConsumerMissingError(this.queue);
  }

  async cancel(): Promise<void> {
    if (this.#state === 'cancelled' || this.#state === 'closed') return;
    const source = this.#source;
    this.#detach();
    this.#become('cancelled');
    for (const delivery of this.#outbox.splice(0)) delivery.requeue();
    source?.serve();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    await this.cancel();
    this.#become('closed');
    this.#channel.end();
  }

  hasRoom(): boolean {
    return this.#channel.unsettled < this.options.prefetch;
  }

  deliver(entry: QueuedMessage): void {
    if (this.#source === undefined) return;
    this.#outbox.push(this.#channel.handOut(this.#source, entry));
    if (this.#outbox.length === 1) this.vhost.turns.run(() => this.#handOver());
  }

  queueDeleted(): void {
    this.#source = undefined;
    if (this.#state !== 'consuming') return;
    this.#become('recovering', new ConnectionClosedError(`the broker cancelled the consumer of queue "${this.queue}"`));
    this.vhost.turns.run(() => this.consume());
  }

  #newChannel(): MemoryChannel {
    return new MemoryChannel(() => this.#source?.serve());
  }

  /** Only what waits now: what a handler requeues at once comes in a turn of its own. */
  #handOver(): void {
    for (const delivery of this.#outbox.splice(0)) {
      // A broker of its own knows nothing of the sender's context.
      if (this.#channel.holds(delivery)) inOwnContext(this.options.onDelivery, delivery);
    }
  }

  #queueDeclared(): void {
    this.#stopWaiting = undefined;
    this.consume();
  }

  #detach(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#source?.removeConsumer(this);
    this.#source = undefined;
  }

  #become(state: SubscriptionState, error?: Error): void {
    if (this.#state === state) return;
    this.#state = state;
    this.hooks.onState(this.queue, state, error);
  }
}

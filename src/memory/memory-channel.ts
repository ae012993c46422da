import type { Delivery } from '../broker/broker';
import type { MessageProperties } from '../message/wire';
import type { MemoryQueue } from './memory-queue';
import { entryProperties, wasDelivered } from './read-entry';
import type { QueuedMessage } from './ready-messages';

/** Holds what was handed out and is not settled. Once it has ended, its deliveries settle nothing. */
export class MemoryChannel {
  readonly #unsettled = new Set<MemoryDelivery>();
  #alive = true;

  /** @param onRoom - told after each settlement, when one delivery more fits. */
  constructor(private readonly onRoom: () => void) {}

  get alive(): boolean {
    return this.#alive;
  }

  get unsettled(): number {
    return this.#unsettled.size;
  }

  handOut(queue: MemoryQueue, entry: QueuedMessage): MemoryDelivery {
    const delivery = new MemoryDelivery(queue, entry, this);
    this.#unsettled.add(delivery);
    return delivery;
  }

  holds(delivery: MemoryDelivery): boolean {
    return this.#unsettled.has(delivery);
  }

  /** @returns whether this settlement is the first, and in time: only then `act` runs. */
  settle(delivery: MemoryDelivery, act?: () => void): boolean {
    if (!this.#unsettled.delete(delivery)) return false;
    act?.();
    this.onRoom();
    return true;
  }

  /** Gives back what is unsettled, in the order in which it went out. RabbitMQ counts that as a failed delivery. */
  end(): void {
    this.#alive = false;
    const unsettled = [...this.#unsettled];
    this.#unsettled.clear();
    for (const delivery of unsettled) delivery.lost();
  }
}

/** A message that is out. What a consumer does with its parts changes no other delivery of it. */
export class MemoryDelivery implements Delivery {
  readonly overdue = false;
  #body: Buffer | undefined;
  #properties: MessageProperties | undefined;

  constructor(
    private readonly source: MemoryQueue,
    private readonly entry: QueuedMessage,
    private readonly channel: MemoryChannel,
  ) {}

  get queue(): string {
    return this.source.name;
  }

  get exchange(): string {
    return this.entry.message.exchange;
  }

  get routingKey(): string {
    return this.entry.message.routingKey;
  }

  get body(): Buffer {
    this.#body ??= Buffer.from(this.entry.message.body);
    return this.#body;
  }

  get properties(): MessageProperties {
    this.#properties ??= entryProperties(this.source.settings.type, this.entry);
    return this.#properties;
  }

  get redelivered(): boolean {
    return wasDelivered(this.entry);
  }

  get deliveryCount(): number {
    return this.entry.failures;
  }

  get live(): boolean {
    return this.channel.alive;
  }

  ack(): boolean {
    return this.channel.settle(this, () => this.source.acked());
  }

  requeue(): boolean {
    return this.channel.settle(this, () => this.source.putBack(this.entry, false));
  }

  reject(): boolean {
    return this.channel.settle(this, () => this.source.reject(this.entry));
  }

  /** Its channel has ended. */
  lost(): void {
    this.source.putBack(this.entry, true);
  }
}

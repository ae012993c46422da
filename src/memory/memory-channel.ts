import type { Delivery } from '../broker/broker';
import type { MessageProperties } from '../message/wire';
import { deathHeaders } from './death';
import type { MemoryQueue } from './memory-queue';
import type { QueuedMessage } from './ready-messages';
import { readProperties } from './stored-message';

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
    this.#properties ??= readProperties(this.entry.message, {
      ...deathHeaders(this.entry.message),
      ...this.#counters(),
    });
    return this.#properties;
  }

  get redelivered(): boolean {
    return this.entry.returns > 0 || this.entry.failures > 0;
  }

  get deliveryCount(): number {
    return this.entry.failures;
  }

  get live(): boolean {
    return this.channel.alive;
  }

  ack(): boolean {
    return this.channel.settle(this);
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

  /** Only quorum queues count; a message that has not been out yet tells nothing, or what it counted where it died. */
  #counters(): Readonly<Record<string, unknown>> {
    const { failures, message } = this.entry;
    const returns = this.entry.returns || message.returns;
    if (this.source.settings.type !== 'quorum') return {};
    return {
      ...(failures > 0 ? { 'x-delivery-count': failures } : {}),
      ...(returns > 0 ? { 'x-acquired-count': returns } : {}),
    };
  }
}

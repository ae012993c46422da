import type { Channel, ConsumeMessage, GetMessage } from 'amqplib';
import type { Delivery } from '../../broker/broker';
import { integerHeader } from '../../message/headers';
import type { MessageProperties } from '../../message/wire';
import { AckBatcher } from './ack-batcher';

/**
 * How long an acknowledgement may wait for others, in milliseconds, and how much of the prefetch may be out meanwhile.
 * Should the process die, those tasks come again.
 */
interface Patience {
  readonly waitMs: number;
  readonly share: number;
  readonly deliveries: number;
}

/** All that came is done. More than a hundred at once spare the broker nothing more, and let it wait. */
const AT_REST: Patience = { waitMs: 5, share: 3 / 4, deliveries: 100 };
/** Some of it runs, so what waits here is room that the broker does not know of. */
const AT_WORK: Patience = { waitMs: 1, share: 1 / 2, deliveries: Number.POSITIVE_INFINITY };

/**
 * One life of a channel. Delivery tags mean something only on the channel that gave them: acknowledged on another,
 * they close it with a 406. So every delivery keeps its generation, and settles nothing once that has ended.
 */
export class ChannelGeneration {
  #alive = true;
  #overdue = false;
  /** Delivered, and not settled as far as the broker knows. */
  #outstanding = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #batcher: AckBatcher;

  /** @param prefetch - how many deliveries the broker may have outstanding here; 0 where acknowledgements never wait. */
  constructor(
    readonly channel: Channel,
    private readonly prefetch = 0,
  ) {
    this.#batcher = new AckBatcher({
      ack: (deliveryTag, multiple) => channel.ack({ fields: { deliveryTag } } as ConsumeMessage, multiple),
    });
    channel.on('close', () => this.end());
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Whether the broker closed the channel over an acknowledgement that did not come in time. */
  get overdue(): boolean {
    return this.#overdue;
  }

  endOverdue(): void {
    this.#overdue = true;
    this.end();
  }

  /** The channel has died: the broker has its unsettled messages back. */
  end(): void {
    this.#alive = false;
  }

  /** Takes note of a delivery, before it is handled. */
  delivered(): void {
    this.#outstanding++;
  }

  ack(deliveryTag: number): boolean {
    if (!this.#alive) return false;
    this.#batcher.ack(deliveryTag);
    this.#flushSoon();
    return true;
  }

  /**
   * At the end of this turn; or a little later, so that the acknowledgements of some turns become one, while the broker
   * may still send more and so will not run dry. A quorum queue logs and answers each acknowledgement.
   */
  #flushSoon(): void {
    if (this.#immediate !== undefined) return;
    const { waitMs, share, deliveries } = this.#outstanding === this.#batcher.waiting ? AT_REST : AT_WORK;
    const mayWait = this.#outstanding < Math.min(this.prefetch * share, deliveries);
    if (mayWait) this.#timer ??= setTimeout(() => this.flush(), waitMs);
    else this.#immediate = setImmediate(() => this.flush());
  }

  nack(message: ConsumeMessage | GetMessage, requeue: boolean): boolean {
    if (!this.#alive) return false;
    return this.#write(() => {
      this.channel.nack(message as ConsumeMessage, false, requeue);
      this.#batcher.settledOtherwise(message.fields.deliveryTag);
      this.#outstanding--;
    });
  }

  /** Sends the acknowledgements that wait. */
  flush(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    this.#outstanding -= this.#batcher.waiting;
    if (this.#alive) this.#write(() => this.#batcher.flush());
  }

  /** amqplib throws on a channel that died a moment ago and has not said so yet. */
  #write(write: () => void): boolean {
    try {
      write();
      return true;
    } catch {
      this.#alive = false;
      return false;
    }
  }
}

/** A message on a channel's generation. */
export class AmqpDelivery implements Delivery {
  #settled = false;

  constructor(
    readonly queue: string,
    private readonly raw: ConsumeMessage | GetMessage,
    private readonly generation: ChannelGeneration,
  ) {
    generation.delivered();
  }

  get exchange(): string {
    return this.raw.fields.exchange;
  }

  get routingKey(): string {
    return this.raw.fields.routingKey;
  }

  get body(): Buffer {
    return this.raw.content;
  }

  get properties(): MessageProperties {
    return this.raw.properties as MessageProperties;
  }

  get redelivered(): boolean {
    return this.raw.fields.redelivered;
  }

  get deliveryCount(): number {
    return this.redelivered
      ? (integerHeader(this.raw.properties.headers, 'x-delivery-count', 0, Number.MAX_SAFE_INTEGER) ?? 0)
      : 0;
  }

  get live(): boolean {
    return this.generation.alive;
  }

  get overdue(): boolean {
    return this.generation.overdue;
  }

  ack(): boolean {
    return this.#once() && this.generation.ack(this.raw.fields.deliveryTag);
  }

  requeue(): boolean {
    return this.#once() && this.generation.nack(this.raw, true);
  }

  reject(): boolean {
    return this.#once() && this.generation.nack(this.raw, false);
  }

  #once(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }
}

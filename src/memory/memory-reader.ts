import type { Delivery, QueueReader, QueueScan } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import { MemoryChannel, MemoryDelivery } from './memory-channel';
import type { VirtualHost } from './virtual-host';

/** Reads a queue as `basic.get` does. */
export class MemoryReader implements QueueReader {
  readonly #channel = new MemoryChannel(() => undefined);

  constructor(
    private readonly vhost: VirtualHost,
    private readonly queue: string,
    private readonly onClosed: (reader: MemoryReader) => void,
  ) {}

  async next(): Promise<Delivery | undefined> {
    if (!this.#channel.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
    const source = this.vhost.queue(this.queue);
    if (source === undefined) throw new QueueMissingError(this.queue);
    const entry = source.get();
    return entry === undefined ? undefined : this.#channel.handOut(source, entry);
  }

  protected get alive(): boolean {
    return this.#channel.alive;
  }

  protected holds(delivery: Delivery): boolean {
    return delivery instanceof MemoryDelivery && this.#channel.holds(delivery);
  }

  async settled(): Promise<void> {
    if (!this.#channel.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
  }

  async close(): Promise<void> {
    if (!this.#channel.alive) return;
    this.connectionLost();
    this.onClosed(this);
  }

  connectionLost(): void {
    this.#channel.end();
  }
}

/** Looks through a queue; what it holds goes back in order, and counts as no failure. */
export class MemoryScan extends MemoryReader implements QueueScan {
  #held: Delivery[] = [];

  override async next(): Promise<Delivery | undefined> {
    const delivery = await super.next();
    if (delivery !== undefined) this.#held.push(delivery);
    return delivery;
  }

  /** Everything that is not settled is held. */
  keep(_delivery: Delivery): void {}

  /** What was returned before is taken too: a quorum queue puts what is returned now behind it. */
  override async close(): Promise<void> {
    if (!this.alive) return;
    this.#held = this.#held.filter((delivery) => this.holds(delivery));
    while (this.#held.at(-1)?.redelivered === true) {
      if ((await this.next()) === undefined) break;
    }
    for (const delivery of this.#held.splice(0)) delivery.requeue();
    await super.close();
  }
}

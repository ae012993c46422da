import type { Delivery, QueueReader } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import { MemoryChannel } from './memory-channel';
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

import type { ChannelModel, ConsumeMessage, GetMessage } from 'amqplib';
import type { Delivery, QueueReader } from '../../broker/broker';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { answered, closeChannel } from '../connect/channels';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';
import { openForReading } from './reading-channel';

/** How long a message that is on its way may take before the broker is asked whether there is any. */
const ARRIVAL_MS = 30;

/**
 * Reads with a consumer, so that messages come ahead of their reading: one at a time, `basic.get` takes a round trip
 * each, and in a quorum queue a write to its log. No consumer is told that a queue is empty; `basic.get` is, and only
 * there it is asked. Between a message that it gives and one that comes by itself at that instant, order is not kept.
 */
export class AmqpPrefetchingReader implements QueueReader {
  readonly #buffer: (ConsumeMessage | GetMessage)[] = [];
  #arrived: () => void = () => undefined;
  /** The consumer holds all that it may, since its reader keeps what it read: nothing comes by itself. */
  #full = false;
  #tag = '';

  private constructor(
    private readonly queue: string,
    private readonly generation: ChannelGeneration,
  ) {}

  /**
   * @param ahead - unsettled messages that the consumer may hold, 1 to 65,535.
   * @throws QueueMissingError, AccessRefusedError, ConnectionClosedError
   */
  static open(model: ChannelModel | undefined, queue: string, ahead: number): Promise<AmqpPrefetchingReader> {
    return openForReading(model, queue, async (generation) => {
      const { channel } = generation;
      const reader = new AmqpPrefetchingReader(queue, generation);
      await answered(channel.prefetch(ahead));
      const { consumerTag } = await answered(channel.consume(queue, (message) => reader.#take(message)));
      reader.#tag = consumerTag;
      return reader;
    });
  }

  async next(): Promise<Delivery | undefined> {
    this.#checkAlive();
    if (this.#buffer.length === 0) {
      this.generation.flush();
      if (!this.#full) await this.#arrival();
    }
    return this.#buffered() ?? (await this.#ask());
  }

  /**
   * Asking for a message takes its turn in the queue behind what was settled, and comes back when the queue has taken
   * both: what the channel has only passed on is lost when too much of it is under way as the channel closes.
   */
  async settled(): Promise<void> {
    this.#checkAlive();
    this.generation.flush();
    const message = await answered(this.generation.channel.get(this.queue, { noAck: false }));
    if (message !== false) this.#buffer.push(message);
  }

  /** What came ahead and was not read goes back with a nack: a channel that closes over it would count a failure. */
  async close(): Promise<void> {
    if (!this.generation.alive) return;
    const { channel } = this.generation;
    await answered(channel.cancel(this.#tag)).catch(() => undefined);
    for (let unread = this.#buffered(); unread !== undefined; unread = this.#buffered()) unread.requeue();
    this.generation.flush();
    const closing = closeChannel(channel);
    this.generation.end();
    await closing;
  }

  #take(message: ConsumeMessage | null): void {
    // The queue is gone: asking for the next message says so.
    if (message !== null) this.#buffer.push(message);
    this.#full = false;
    this.#arrived();
  }

  #buffered(): Delivery | undefined {
    const message = this.#buffer.shift();
    return message === undefined ? undefined : new AmqpDelivery(this.queue, message, this.generation);
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ARRIVAL_MS);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #ask(): Promise<Delivery | undefined> {
    this.#checkAlive();
    const { channel } = this.generation;
    const message = await answered(channel.get(this.queue, { noAck: false }));
    if (message !== false) {
      this.#full = true;
      return new AmqpDelivery(this.queue, message, this.generation);
    }
    // What the queue had given to the consumer before it said so has come when the channel answers once more.
    await answered(channel.checkQueue(this.queue));
    return this.#buffered();
  }

  #checkAlive(): void {
    if (!this.generation.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
  }
}

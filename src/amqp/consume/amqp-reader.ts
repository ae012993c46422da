import type { ChannelModel } from 'amqplib';
import type { Delivery, QueueReader } from '../../broker/broker';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { answered, closeChannel } from '../connect/channels';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';
import { openForReading } from './reading-channel';

/** Reads with `basic.get`: the broker says when the queue is empty, which no consumer is ever told. */
export class AmqpReader implements QueueReader {
  private constructor(
    private readonly queue: string,
    private readonly generation: ChannelGeneration,
  ) {}

  /** @throws QueueMissingError, AccessRefusedError, ConnectionClosedError */
  static open(model: ChannelModel | undefined, queue: string): Promise<AmqpReader> {
    return openForReading(model, queue, async (generation) => {
      await answered(generation.channel.checkQueue(queue));
      return new AmqpReader(queue, generation);
    });
  }

  async next(): Promise<Delivery | undefined> {
    if (!this.generation.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
    this.generation.flush();
    const message = await answered(this.generation.channel.get(this.queue, { noAck: false }));
    return message === false ? undefined : new AmqpDelivery(this.queue, message, this.generation);
  }

  async settled(): Promise<void> {
    if (!this.generation.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
    this.generation.flush();
    // A channel works off what it gets in order: when it answers this, it has passed the acknowledgements on.
    await answered(this.generation.channel.checkQueue(this.queue));
  }

  async close(): Promise<void> {
    if (!this.generation.alive) return;
    this.generation.flush();
    const closing = closeChannel(this.generation.channel);
    this.generation.end();
    await closing;
  }
}

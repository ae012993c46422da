import type { ChannelModel } from 'amqplib';
import type { Delivery, QueueReader } from '../../broker/broker';
import { QueueMissingError } from '../../errors/broker-errors';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { answered, closeChannel, openChannel } from '../connect/channels';
import { channelError, channelFailure } from '../connect/error-mapping';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';

/** Reads with `basic.get`: the broker says when the queue is empty, which no consumer is ever told. */
export class AmqpReader implements QueueReader {
  private constructor(
    private readonly queue: string,
    private readonly generation: ChannelGeneration,
  ) {}

  /** @throws QueueMissingError, AccessRefusedError, ConnectionClosedError */
  static async open(model: ChannelModel | undefined, queue: string): Promise<AmqpReader> {
    if (model === undefined) throw new ConnectionClosedError('it is lost at the moment');
    const channel = await openChannel(model);
    const generation = new ChannelGeneration(channel);
    try {
      await answered(channel.checkQueue(queue));
    } catch (error) {
      void closeChannel(channel);
      if (channelFailure(error).code === 404) throw new QueueMissingError(queue);
      throw channelError(error, `read queue "${queue}"`);
    }
    return new AmqpReader(queue, generation);
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

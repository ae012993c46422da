import type { ChannelModel } from 'amqplib';
import type { Delivery, QueueReader } from '../broker/broker';
import { QueueMissingError } from '../errors/broker-errors';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import { AmqpDelivery, ChannelGeneration } from './amqp-delivery';
import { withDeadline } from './deadline';
import { channelFailure } from './error-mapping';

const RPC_TIMEOUT_MS = 10_000;

const bounded = <T>(promise: Promise<T>): Promise<T> =>
  withDeadline(promise, RPC_TIMEOUT_MS, () => new ConnectionClosedError('the broker did not answer in time'));

/** Reads with `basic.get`: the broker says when the queue is empty, which no consumer is ever told. */
export class AmqpReader implements QueueReader {
  private constructor(
    private readonly queue: string,
    private readonly generation: ChannelGeneration,
  ) {}

  /** @throws QueueMissingError, ConnectionClosedError */
  static async open(model: ChannelModel | undefined, queue: string): Promise<AmqpReader> {
    if (model === undefined) throw new ConnectionClosedError('it is lost at the moment');
    const channel = await bounded(model.createChannel());
    channel.on('error', () => undefined);
    const generation = new ChannelGeneration(channel);
    try {
      await bounded(channel.checkQueue(queue));
    } catch (error) {
      throw channelFailure(error).code === 404 ? new QueueMissingError(queue) : error;
    }
    return new AmqpReader(queue, generation);
  }

  async next(): Promise<Delivery | undefined> {
    if (!this.generation.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
    this.generation.flush();
    const message = await bounded(this.generation.channel.get(this.queue, { noAck: false }));
    return message === false ? undefined : new AmqpDelivery(this.queue, message, this.generation);
  }

  async settled(): Promise<void> {
    if (!this.generation.alive) throw new ConnectionClosedError(`reading queue "${this.queue}" ended with its channel`);
    this.generation.flush();
    // A channel works off what it gets in order: when it answers this, it has passed the acknowledgements on.
    await bounded(this.generation.channel.checkQueue(this.queue));
  }

  async close(): Promise<void> {
    if (!this.generation.alive) return;
    this.generation.flush();
    const closing = bounded(this.generation.channel.close()).catch(() => undefined);
    this.generation.end();
    await closing;
  }
}

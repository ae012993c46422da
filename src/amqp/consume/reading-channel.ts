import type { ChannelModel } from 'amqplib';
import { QueueMissingError } from '../../errors/broker-errors';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { closeChannel, openChannel } from '../connect/channels';
import { channelError, channelFailure } from '../connect/error-mapping';
import { ChannelGeneration } from './amqp-delivery';

/**
 * Opens a queue for reading, on a channel of its own, which is closed where that fails.
 *
 * @param begin - makes the reader and asks the broker for the queue.
 * @throws QueueMissingError, AccessRefusedError, ConnectionClosedError
 */
export async function openForReading<R>(
  model: ChannelModel | undefined,
  queue: string,
  begin: (generation: ChannelGeneration) => Promise<R>,
): Promise<R> {
  if (model === undefined) throw new ConnectionClosedError('it is lost at the moment');
  const channel = await openChannel(model);
  try {
    return await begin(new ChannelGeneration(channel));
  } catch (error) {
    void closeChannel(channel);
    if (channelFailure(error).code === 404) throw new QueueMissingError(queue);
    throw channelError(error, `read queue "${queue}"`);
  }
}

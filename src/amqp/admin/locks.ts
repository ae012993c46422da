import type { ChannelModel } from 'amqplib';
import { LockedError } from '../../errors/broker-errors';
import { answered, closeChannel, onOwnChannel, openChannel } from '../connect/channels';
import { channelError, channelFailure } from '../connect/error-mapping';

const NOT_FOUND = 404;
/** What the broker says of another connection's exclusive queue. */
const RESOURCE_LOCKED = 405;

/** An exclusive queue: the broker gives it to one connection, and deletes it with that. */
export async function takeLock(model: ChannelModel, name: string): Promise<() => Promise<void>> {
  const channel = await openChannel(model);
  try {
    const settings = { exclusive: true, durable: false, arguments: { 'x-queue-type': 'classic' } };
    await answered(channel.assertQueue(name, settings));
  } catch (error) {
    void closeChannel(channel);
    if (channelFailure(error).code === RESOURCE_LOCKED) throw new LockedError(name);
    throw channelError(error, `take the lock "${name}"`);
  }
  return async () => {
    // Lost with its connection: then it is free already.
    await answered(channel.deleteQueue(name)).catch(() => undefined);
    await closeChannel(channel);
  };
}

export async function isLocked(model: ChannelModel, name: string): Promise<boolean> {
  try {
    await onOwnChannel(model, (channel) => channel.checkQueue(name));
    return true;
  } catch (error) {
    const { code } = channelFailure(error);
    if (code === RESOURCE_LOCKED) return true;
    if (code === NOT_FOUND) return false;
    throw channelError(error, `look for the lock "${name}"`);
  }
}

import { type Channel, type ChannelModel, type ConfirmChannel, IllegalOperationError } from 'amqplib';
import { describeThrown } from '../../errors/describe-thrown';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { withDeadline } from './deadline';
import { openHeard } from './open-heard';
import { keepUntraced } from './untraced';

const RPC_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;

const ignore = (): void => undefined;

/** Waits for the broker's answer to one call, in bounded time. @throws ConnectionClosedError when none comes. */
export async function answered<T>(call: Promise<T>, timeoutMs = RPC_TIMEOUT_MS): Promise<T> {
  try {
    return await withDeadline(call, timeoutMs, () => new ConnectionClosedError('the broker did not answer in time'));
  } catch (error) {
    throw isCutOff(error)
      ? new ConnectionClosedError('it was lost before the broker answered', { cause: error })
      : error;
  }
}

/** amqplib says so of calls that were on their way when their connection ended, and of those that came after. */
const isCutOff = (error: unknown): boolean =>
  error instanceof IllegalOperationError || describeThrown(error).message.startsWith('Channel ended, no reply');

/** Opens a channel, in bounded time. Its `error` event never goes unheard, which would end the process. */
export const openChannel = (model: ChannelModel): Promise<Channel> =>
  inTime(openHeard(model, () => model.createChannel()));

/** As `openChannel`, with publisher confirms. */
export const openConfirmChannel = (model: ChannelModel): Promise<ConfirmChannel> =>
  inTime(openHeard(model, () => model.createConfirmChannel()));

/** A channel that comes when nobody waits for it any more is closed: it would stay open as long as its connection. */
async function inTime<C extends Channel>(opening: Promise<C>): Promise<C> {
  let late = false;
  opening.then((channel) => {
    channel.on('error', ignore);
    keepUntraced(channel);
    if (late) void closeChannel(channel);
  }, ignore);
  try {
    return await answered(opening);
  } catch (error) {
    late = true;
    throw error;
  }
}

/** Closes a channel, whatever state it is in. Bounded, never throws. */
export async function closeChannel(channel: Channel): Promise<void> {
  try {
    await answered(closed(channel), CLOSE_TIMEOUT_MS);
  } catch {
    // It is gone already, or the broker does not answer.
  }
}

/**
 * Closes a channel or a connection. amqplib never settles its own promise where the connection is lost before the broker
 * has agreed: then only the `close` event comes.
 */
export function closed(closable: Channel | ChannelModel): Promise<void> {
  return new Promise((resolve, reject) => {
    closable.once('close', () => resolve());
    closable.close().then(resolve, reject);
  });
}

/** Does something on a channel of its own, which a 404 or 406 may close: no channel that works is ever at risk. */
export async function onOwnChannel<T>(model: ChannelModel, act: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await openChannel(model);
  try {
    return await answered(act(channel));
  } finally {
    await closeChannel(channel);
  }
}

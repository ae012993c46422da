import { randomUUID } from 'node:crypto';
import type { Channel, ChannelModel } from 'amqplib';
import type { BrokerProbe, MissingPermission, ProbeTargets } from '../../broker/admin';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { answered, closeChannel, openChannel } from '../connect/channels';
import { channelFailure } from '../connect/error-mapping';

const ACCESS_REFUSED = 403;
const ALARM_TIMEOUT_MS = 3_000;

type Call = (channel: Channel) => Promise<unknown>;

/**
 * Tries what is asked with calls that cannot succeed or that change nothing: RabbitMQ looks at the permission first.
 * What comes back is what the user of this connection may not do, whoever else may.
 */
export async function probeBroker(model: ChannelModel, { queues, exchanges }: ProbeTargets): Promise<BrokerProbe> {
  const missing: MissingPermission[] = [];
  for (const name of queues) {
    if (await isRefused(model, declareImpossibly(name))) missing.push({ right: 'configure', entity: 'queue', name });
    if (await isRefused(model, consumeImpossibly(name))) missing.push({ right: 'read', entity: 'queue', name });
  }
  // Publishing comes last: a broker with an alarm answers nothing more on a connection that has published.
  for (const name of exchanges) {
    const answer = await orBlocked(model, isRefused(model, publishNowhere(name), ALARM_TIMEOUT_MS));
    if (typeof answer === 'string') return { missing, blocked: answer };
    if (answer) missing.push({ right: 'write', entity: 'exchange', name });
  }
  return { missing, blocked: undefined };
}

/** A queue with an argument that is valid nowhere is never declared: 406, or 403 before it. */
const declareImpossibly =
  (queue: string): Call =>
  (channel) =>
    channel.assertQueue(queue, { durable: true, arguments: { 'x-expires': 'never' } });

/** A consumer with such an argument never consumes. */
const consumeImpossibly =
  (queue: string): Call =>
  (channel) =>
    channel.consume(queue, () => undefined, { arguments: { 'x-priority': 'none' } });

/** A key that leads to no queue: the broker gives the message back. The call after it is answered when it has. */
const publishNowhere =
  (exchange: string): Call =>
  (channel) => {
    channel.publish(exchange, `warren.probe.${randomUUID()}`, Buffer.alloc(0), { mandatory: true });
    return channel.prefetch(1);
  };

/** A channel of its own for each call, since nearly every answer closes it. */
async function isRefused(model: ChannelModel, call: Call, timeoutMs?: number): Promise<boolean> {
  const channel = await openChannel(model);
  try {
    await answered(call(channel), timeoutMs);
    return false;
  } catch (error) {
    if (error instanceof ConnectionClosedError) throw error;
    return channelFailure(error).code === ACCESS_REFUSED;
  } finally {
    void closeChannel(channel);
  }
}

/** The broker's reason for an alarm, where it tells one before the answer. */
async function orBlocked(model: ChannelModel, answer: Promise<boolean>): Promise<boolean | string> {
  let told: (reason: string) => void = () => undefined;
  const blocked = new Promise<string>((resolve) => {
    told = resolve;
  });
  const listener = (reason: unknown): void => told(String(reason));
  model.once('blocked', listener);
  // It may come when the answer has been given up on, and nobody listens any more.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, blocked]);
  } finally {
    model.removeListener('blocked', listener);
  }
}

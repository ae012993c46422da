import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { type ChannelSlot, type Consumer, connectionInternals } from '../internals';
import { DeliveryReader } from './delivery-frames';

/**
 * Hands deliveries to their consumers straight from the bytes of the socket. amqplib makes eleven objects and nine
 * texts for one, in three frames; most of the texts are the same every time. Whatever is no plain delivery, or not all
 * there yet, or comes while its channel or its connection is closing, takes amqplib's way, in its turn.
 *
 * Consumers must not throw: what they were given would be given once more.
 *
 * @returns whether it is on. Without these internals nothing changes but speed.
 *
 * @see docs/decisions/010-deliveries-read-from-the-socket.md
 */
export function readDeliveriesDirectly(model: ChannelModel): boolean {
  const connection = connectionInternals(model);
  const { recvFrame, accept, channels } = connection;
  if (typeof recvFrame !== 'function' || typeof accept !== 'function' || !Array.isArray(channels)) return false;
  const reader = new DeliveryReader();
  connection.recvFrame = () => {
    const { rest } = connection;
    if (!Buffer.isBuffer(rest)) return recvFrame.call(connection);
    let at = 0;
    // Both change when a consumer closes something.
    while (connection.accept === accept) {
      const message = reader.read(rest, at);
      const consumer = message && consumerOf(channels[reader.channel], message.fields.consumerTag);
      if (consumer === undefined) break;
      at = reader.end;
      consumer(message as ConsumeMessage);
    }
    if (at > 0) connection.rest = rest.subarray(at);
    return recvFrame.call(connection);
  };
  return true;
}

/** The consumer of a tag, unless its channel is closing: then it accepts frames by a function of its own. */
function consumerOf(slot: ChannelSlot | null | undefined, tag: string): Consumer | undefined {
  const channel = slot?.channel;
  if (channel === undefined || Object.hasOwn(channel, 'accept')) return undefined;
  return channel.consumers instanceof Map ? channel.consumers.get(tag) : undefined;
}

import { type ChannelModel, type ConfirmChannel, connect, type GetMessage } from 'amqplib';
import { ConfirmWriter } from '../../../src/amqp/fast-path/confirm-writer';
import type { OutgoingMessage } from '../../../src/message/wire';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

/** A channel of an amqplib whose internals are not as expected. */
const withoutInternals = (channel: ConfirmChannel): ConfirmChannel =>
  new Proxy(channel, {
    get: (target, name) => {
      if (name === 'ch' || name === 'pushConfirmCallback') return undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

describe.each(sharedBrokers())('publishing on RabbitMQ $series', ({ url }) => {
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  let queue: string;

  beforeEach(async () => {
    connection = await connect(url);
    channel = await connection.createConfirmChannel();
    ({ queue } = await channel.assertQueue('', { exclusive: true }));
  });
  afterEach(() => connection.close());

  const outgoing = (index: number): OutgoingMessage => ({
    exchange: '',
    routingKey: queue,
    // Every kind of way: plain, without a body, too large for a block, with headers.
    body: Buffer.alloc(index % 7 === 0 ? 200_000 : index % 5 === 0 ? 0 : 300, `${index % 10}`),
    properties: {
      messageId: `message ${index}`,
      type: 'emails.send',
      contentType: 'application/json',
      appId: 'tests',
      timestamp: 1_700_000_000,
      ...(index % 3 === 0 ? { headers: { index }, priority: 1 } : {}),
    },
  });

  const publishAll = (writer: ConfirmWriter, messages: readonly OutgoingMessage[]): Promise<unknown> =>
    Promise.all(
      messages.map(
        (message) =>
          new Promise<void>((resolve, reject) =>
            writer.publish(message, (error) => (error === null ? resolve() : reject(error))),
          ),
      ),
    );

  it('takes the short way with the amqplib that is installed', () => {
    expect(new ConfirmWriter(channel).isDirect).toBe(true);
    expect(new ConfirmWriter(withoutInternals(channel)).isDirect).toBe(false);
  });

  it.each([
    ['the short way', (given: ConfirmChannel) => given],
    ["amqplib's way", withoutInternals],
  ])('sends all kinds of messages in order and confirms each, %s', async (_, channelOf) => {
    const writer = new ConfirmWriter(channelOf(channel));
    const messages = Array.from({ length: 500 }, (_unused, index) => outgoing(index));
    await publishAll(writer, messages.slice(0, 400));
    await publishAll(writer, messages.slice(400));
    for (const { body, properties } of messages) {
      const got = (await channel.get(queue, { noAck: true })) as GetMessage;
      expect(got.content.equals(body)).toBe(true);
      const { messageId, type, contentType, appId, timestamp, deliveryMode } = got.properties;
      expect({ messageId, type, contentType, appId, timestamp }).toEqual({
        ...properties,
        headers: undefined,
        priority: undefined,
      });
      expect(deliveryMode).toBe(2);
    }
    expect(await channel.get(queue, { noAck: true })).toBe(false);
  });

  it('tells of messages that were written when their channel closed, and writes no more', async () => {
    const writer = new ConfirmWriter(channel);
    channel.on('error', () => undefined);
    const nowhere = publishAll(writer, [{ ...outgoing(1), exchange: 'missing' }, outgoing(2)]);
    await expect(nowhere).rejects.toThrow('channel closed');
    expect(() => writer.publish(outgoing(1), () => undefined)).toThrow('Channel closed');
  });
});

import { randomUUID } from 'node:crypto';
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { readDeliveriesDirectly } from '../../../src/amqp/fast-path/direct-deliveries';
import { bounded } from '../../support/bounded';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

/** A connection of an amqplib whose internals are not as expected. */
const withoutInternals = { connection: { channels: [] } } as unknown as ChannelModel;

const MESSAGES = 500;
/** Every kind: plain, without a body, in many frames, with headers. */
const bodyOf = (index: number): Buffer =>
  Buffer.alloc(index % 7 === 0 ? 200_000 : index % 5 === 0 ? 0 : 300, `${index % 10}`);

describe.each(sharedBrokers())('deliveries of RabbitMQ $series', ({ url }) => {
  let connection: ChannelModel;
  let channel: Channel;
  let queue: string;

  beforeEach(async () => {
    connection = await connect(url);
    channel = await connection.createChannel();
    ({ queue } = await channel.assertQueue('', { exclusive: true }));
  });
  afterEach(() => connection.close());

  function sendAll(): void {
    for (let index = 0; index < MESSAGES; index++) {
      const headers = index % 3 === 0 ? { headers: { index }, priority: 1 } : {};
      channel.sendToQueue(queue, bodyOf(index), { messageId: `message ${index}`, type: 'emails.send', ...headers });
    }
  }

  function received(count: number): Promise<readonly ConsumeMessage[]> {
    const messages: ConsumeMessage[] = [];
    return new Promise((resolve, reject) => {
      channel
        .consume(queue, (message) => {
          if (message === null) return reject(new Error('cancelled'));
          messages.push(message);
          channel.ack(message);
          if (messages.length === count) resolve(messages);
        })
        .catch(reject);
    });
  }

  it('are read directly with the amqplib that is installed, and only then', () => {
    expect(readDeliveriesDirectly(connection)).toBe(true);
    expect(readDeliveriesDirectly(withoutInternals)).toBe(false);
  });

  it.each([true, false])('come each once and in order, all kinds mixed (directly: %s)', async (directly) => {
    if (directly) readDeliveriesDirectly(connection);
    sendAll();
    const messages = await bounded('all messages', received(MESSAGES));
    for (const [index, { content, fields, properties }] of messages.entries()) {
      expect(properties.messageId).toBe(`message ${index}`);
      expect(properties.type).toBe('emails.send');
      expect(properties.headers ?? {}).toEqual(index % 3 === 0 ? { index } : {});
      expect(content.equals(bodyOf(index))).toBe(true);
      expect(fields).toMatchObject({ deliveryTag: index + 1, redelivered: false, exchange: '', routingKey: queue });
    }
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  });

  it('stop with the consumer that closes its channel at one of them; the rest are in the queue', async () => {
    readDeliveriesDirectly(connection);
    const kept = `kept-${randomUUID()}`;
    await channel.assertQueue(kept, { durable: true });
    for (let index = 0; index < 100; index++) channel.sendToQueue(kept, Buffer.from(`${index}`));
    const consuming = await connection.createChannel();
    let seen = 0;
    const closed = new Promise<void>((resolve) => {
      void consuming.consume(kept, () => {
        seen++;
        if (seen === 10) consuming.close().then(resolve, resolve);
      });
    });
    await bounded('the close', closed);
    expect(seen).toBe(10);
    expect(await channel.deleteQueue(kept)).toEqual({ messageCount: 100 });
  });
});

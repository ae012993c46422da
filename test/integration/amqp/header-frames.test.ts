import { type Channel, type ChannelModel, connect, type Message } from 'amqplib';
import { readHeadersBounded } from '../../../src/amqp/connect/header-frames';
import { bounded } from '../../support/bounded';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { nestedTables, type RawMessage, rawTable, withLength, writeRaw } from '../../support/raw-messages';

const table = rawTable(['tenant', 'S', withLength('ada')], nestedTables('bomb', 4_500));

// Warren's short way for deliveries is off here: the bound does not depend on it.
describe.each(sharedBrokers())('headers that would fill the stack of amqplib, on RabbitMQ $series', ({ url }) => {
  let connection: ChannelModel;
  let channel: Channel;
  let queue: string;

  beforeEach(async () => {
    connection = await connect(url);
    expect(readHeadersBounded(connection)).toBe(true);
    channel = await connection.createChannel();
    ({ queue } = await channel.assertQueue('', { exclusive: true }));
  });
  afterEach(() => connection.close());

  const expected = { headers: { tenant: 'ada' }, unreadable: [{ name: 'bomb' }], messageId: 'id-1' };
  const to = (routingKey: string): RawMessage => ({ routingKey, table, id: 'id-1' });

  it('come with a delivery', async () => {
    const delivered = new Promise<Message | null>((resolve, reject) => {
      channel.consume(queue, resolve, { noAck: true }).catch(reject);
    });
    writeRaw(channel, to(queue));
    expect((await bounded('the delivery', delivered))?.properties).toMatchObject(expected);
  });

  it('come with the answer to basic.get', async () => {
    writeRaw(channel, to(queue));
    await channel.checkQueue(queue);
    const message = await bounded('the answer', channel.get(queue, { noAck: true }));
    expect(message).toMatchObject({ properties: expected });
  });

  it('come back with what is unroutable', async () => {
    const returned = new Promise<Message>((resolve) => channel.once('return', resolve));
    writeRaw(channel, to('nowhere'));
    expect((await bounded('the return', returned)).properties).toMatchObject(expected);
    await channel.checkQueue(queue);
  });
});

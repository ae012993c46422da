import type { Channel, ConsumeMessage } from 'amqplib';
import type { Delivery } from '../../src/broker/broker';
import { quorumQueue, topology } from '../conformance/broker/topologies';
import { uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { closeBrokers, watchBroker } from './support/watched-broker';

/** Far above what is measured (docs/understand/connections.md): machines that run tests are busy. */
const AFTER_RESTART_MS = 5_000;
const AFTER_CHANNEL_MS = 3_000;

describe.each(TESTED_SERIES)('consuming again on RabbitMQ %s', (series) => {
  let server: TestBroker;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
  }, 120_000);
  afterEach(closeBrokers);
  afterAll(() => server.dispose(), 60_000);

  const open = async () => {
    const watched = watchBroker({ url: server.url });
    const queue = uniqueName('faulty');
    const deliveries: Delivery[] = [];
    await watched.broker.connect();
    await watched.broker.applyTopology(topology({ queues: [quorumQueue(queue)] }), 'assert');
    await watched.broker.subscribe({ queue, prefetch: 10, onDelivery: (delivery) => deliveries.push(delivery) });
    const next = async (body: string): Promise<Delivery> => {
      await bounded(`the confirm of ${body}`, watched.publish(queue, body));
      const arrived = (): Delivery | undefined => deliveries.find((delivery) => delivery.body.toString() === body);
      return (await eventually(`${body} to arrive`, arrived, (delivery) => delivery !== undefined)) as Delivery;
    };
    return { watched, next };
  };

  it('takes less than 5 s after a restarted broker lets in', async () => {
    const { watched, next } = await open();
    expect((await next('before')).ack()).toBe(true);
    await server.stop();
    await server.start();
    const since = performance.now();
    await watched.subscriptionBecomes('consuming');
    expect(performance.now() - since).toBeLessThan(AFTER_RESTART_MS);
    expect((await next('after')).ack()).toBe(true);
  }, 120_000);

  it('takes less than 3 s after the broker closed a channel, whose deliveries settle nothing any more', async () => {
    const { watched, next } = await open();
    const delivery = await next('before');
    const since = performance.now();
    breakChannelOf(delivery);
    await eventually(
      'the next consumer',
      () => watched.subscriptions.map(({ state }) => state).join(),
      (states) => states === 'consuming,recovering,consuming',
    );
    expect(performance.now() - since).toBeLessThan(AFTER_CHANNEL_MS);
    expect(delivery.live).toBe(false);
    expect(delivery.ack()).toBe(false);
    expect((await next('after')).ack()).toBe(true);
    expect(watched.connections.every(({ error }) => error === undefined)).toBe(true);
  });
});

/** An acknowledgement of what was never delivered: the broker closes the channel with a 406. */
function breakChannelOf(delivery: Delivery): void {
  const { channel } = (delivery as unknown as { readonly generation: { readonly channel: Channel } }).generation;
  channel.ack({ fields: { deliveryTag: 1_000_000 } } as ConsumeMessage);
}

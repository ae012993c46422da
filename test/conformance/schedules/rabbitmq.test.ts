import { connect } from 'amqplib';
import { TESTED_SERIES, type TestBroker } from '../../support/rabbitmq/broker';
import { startPrivateBroker } from '../../support/rabbitmq/shared-brokers';
import { describeSchedules } from './schedule-suite';

/** A broker of its own: what other tests do on the shared ones would be words for the schedules, too. */
describe.each(TESTED_SERIES)('RabbitMQ %s', (series) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker({ series });
  }, 120_000);
  afterAll(() => broker.dispose(), 60_000);

  const deleteQueues = async (...names: readonly string[]): Promise<void> => {
    const admin = await connect(broker.url);
    const channel = await admin.createChannel();
    for (const name of names) await channel.deleteQueue(name);
    await admin.close();
  };

  describeSchedules(`RabbitMQ ${series}`, async () => ({
    url: broker.url,
    deleteQueue: (name) => deleteQueues(name),
    dispose: () => deleteQueues('warren.schedules', 'warren.schedules.view'),
  }));
});

import { connect } from 'amqplib';
import { createAmqpBroker } from '../../../src/amqp/amqp-broker';
import { TESTED_SERIES, type TestBroker } from '../../support/rabbitmq/broker';
import { startPrivateBroker } from '../../support/rabbitmq/shared-brokers';
import { describeLadder, LADDER_PLAN } from './ladder-suite';

/** After how long RabbitMQ tries a dead letter again that no queue took. Its own is three minutes. */
const RETRY_MS = 1_000;

/** The names of the ladder are the same everywhere: no test finds what another one has left. */
async function removeLadder(url: string): Promise<void> {
  const admin = await connect(url);
  const channel = await admin.createChannel();
  for (const { name } of LADDER_PLAN.queues) await channel.deleteQueue(name);
  for (const { name } of LADDER_PLAN.exchanges) await channel.deleteExchange(name);
  await admin.close();
}

describe.each(TESTED_SERIES)('with a broker of its own', (series) => {
  let server: TestBroker;
  beforeAll(async () => {
    server = await startPrivateBroker({ series });
    await server.ctl('eval', `application:set_env(rabbit, dead_letter_worker_publisher_confirm_timeout, ${RETRY_MS}).`);
  }, 120_000);
  afterAll(() => server?.dispose(), 60_000);

  describeLadder(`RabbitMQ ${series}`, async () => {
    const broker = createAmqpBroker({ url: server.url });
    await broker.connect();
    return {
      broker,
      dispose: async () => {
        await broker.close();
        await removeLadder(server.url);
      },
    };
  });
});

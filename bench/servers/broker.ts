import { connect } from 'amqplib';
import { startPrivateBroker } from '../../test/support/rabbitmq/shared-brokers';
import type { BenchServer } from './server';

/** The RabbitMQ at the URL, or one that is started for this run. */
export async function provideBroker(url: string | undefined): Promise<BenchServer> {
  if (url !== undefined)
    return { url, description: await describe(url), isOwn: false, dispose: () => Promise.resolve() };
  const broker = await startPrivateBroker({ series: '4.3' });
  return { url: broker.url, description: await describe(broker.url), isOwn: true, dispose: () => broker.dispose() };
}

async function describe(url: string): Promise<string> {
  const connection = await connect(url);
  const { product, version } = connection.connection.serverProperties;
  await connection.close();
  return `${product} ${version}`;
}

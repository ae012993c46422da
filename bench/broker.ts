import { connect } from 'amqplib';
import { startPrivateBroker } from '../test/support/rabbitmq/shared-brokers';

export interface BenchBroker {
  readonly url: string;
  /** Product and version, as the broker says them itself. */
  readonly description: string;
  readonly dispose: () => Promise<void>;
}

/** The broker at the URL, or one that is started for this run. */
export async function provideBroker(url: string | undefined): Promise<BenchBroker> {
  if (url !== undefined) return { url, description: await describe(url), dispose: () => Promise.resolve() };
  const broker = await startPrivateBroker({ series: '4.3' });
  return { url: broker.url, description: await describe(broker.url), dispose: () => broker.dispose() };
}

async function describe(url: string): Promise<string> {
  const connection = await connect(url);
  const { product, version } = connection.connection.serverProperties;
  await connection.close();
  return `${product} ${version}`;
}

import { connect } from 'amqplib';
import { bounded } from '../bounded';

/** Logs in over AMQP and out again, which only a broker that is ready allows; resolves to the version that it says it has. */
export async function amqpVersion(url: string): Promise<string> {
  const connection = await connect(url, { timeout: 5_000 });
  connection.on('error', () => {
    // Said again by close().
  });
  await bounded('the broker to close a connection', connection.close(), 5_000);
  return String(connection.connection.serverProperties.version);
}

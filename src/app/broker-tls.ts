import type { ConnectionOptions } from 'node:tls';
import { tlsSource } from '../amqp/connect/tls';
import { OptionReader } from '../options/option-reader';
import type { TaskAppOptions } from './app-options';
import { readConnection } from './connection-options';

/**
 * What an app's option `tls` says for `tls.connect`, with files as they are now. The option was checked when the app was made.
 *
 * @throws ConnectionFailedError where a file cannot be read.
 */
export function brokerTls(options: TaskAppOptions, label: string): Promise<ConnectionOptions> {
  const { tls } = readConnection(
    new OptionReader(options, 'tls', []),
    'amqps://localhost',
    options.cwd ?? process.cwd(),
  );
  return tlsSource(tls)({ tls: true, label });
}

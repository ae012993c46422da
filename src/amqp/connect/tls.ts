import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { isPem, type TlsOptions } from '../../broker/access';
import { ConnectionFailedError } from '../../errors/broker-errors';
import { describeThrown } from '../../errors/describe-thrown';
import type { BrokerAddress } from './address';

/** @throws ConnectionFailedError where a file cannot be read. */
export type TlsSource = (address: Pick<BrokerAddress, 'tls' | 'label'>) => Promise<ConnectionOptions>;

/** The options of `tls.connect`, with files as they are now. Behind a function, so that nothing that is printed shows a key. */
export function tlsSource(options: TlsOptions = {}): TlsSource {
  const { ca, cert, key, pfx, ...others } = options;
  return async ({ tls, label }) => {
    if (!tls) return {};
    const contents = (name: string, source: string | Buffer): Promise<string | Buffer> =>
      typeof source !== 'string' || isPem(source) ? Promise.resolve(source) : read(name, source, label);
    const list = ca === undefined || typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca];
    return {
      // Said, so that neither NODE_TLS_REJECT_UNAUTHORIZED nor --tls-min-v1.0 decides.
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...others,
      ...(list === undefined ? {} : { ca: await Promise.all([list].flat().map((each) => contents('ca', each))) }),
      ...(cert === undefined ? {} : { cert: await contents('cert', cert) }),
      ...(key === undefined ? {} : { key: await contents('key', key) }),
      ...(pfx === undefined ? {} : { pfx: await contents('pfx', pfx) }),
    };
  };
}

async function read(name: string, path: string, label: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, name: kind } = describeThrown(error);
    throw new ConnectionFailedError(label, 'tls', `tls.${name}: the file "${path}" cannot be read (${code ?? kind}).`);
  }
}

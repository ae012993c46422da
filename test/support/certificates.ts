import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  readonly commonName: string;
  /** Subject alternative names, as OpenSSL writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  readonly expired?: boolean;
  /** Encrypts the key. */
  readonly passphrase?: string;
}

/** A certificate authority of one test, made by openssl. */
export interface Authority {
  readonly cert: string;
  issue(options: CertificateOptions): Promise<Certificate>;
  /** Certificate and key as PKCS #12. */
  bundle(certificate: Certificate, passphrase: string): Promise<Buffer>;
  dispose(): Promise<void>;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export async function createAuthority(name: string): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'warren-certificates-'));
  const openssl = (...args: readonly string[]) =>
    promisify(execFile)('openssl', args, { cwd: folder, timeout: 30_000, killSignal: 'SIGKILL' });
  const text = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
  await openssl(
    ...['req', '-x509', ...NEW_KEY, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem'],
    ...['-days', '2', '-subj', `/CN=${name}`],
  );
  return {
    cert: await text('ca.pem'),
    issue: async ({ commonName, names = [], expired = false, passphrase }) => {
      const protection = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`];
      await openssl(
        ...[
          'req',
          ...NEW_KEY,
          ...protection,
          '-keyout',
          'key.pem',
          '-out',
          'request.pem',
          '-subj',
          `/CN=${commonName}`,
        ],
      );
      await writeFile(join(folder, 'extensions'), names.length === 0 ? '' : `subjectAltName=${names.join(',')}\n`);
      await openssl(
        ...['x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
        ...['-days', expired ? '-1' : '2', '-extfile', 'extensions', '-out', 'cert.pem'],
      );
      return { cert: await text('cert.pem'), key: await text('key.pem') };
    },
    bundle: async ({ cert, key }, passphrase) => {
      await writeFile(join(folder, 'bundle.pem'), `${cert}${key}`);
      await openssl('pkcs12', '-export', '-in', 'bundle.pem', '-out', 'bundle.p12', '-passout', `pass:${passphrase}`);
      return readFile(join(folder, 'bundle.p12'));
    },
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

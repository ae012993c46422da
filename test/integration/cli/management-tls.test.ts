import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniqueName } from '../../support/apps';
import { type Authority, createAuthority } from '../../support/certificates';
import { warren } from '../../support/command-line';
import type { TestBroker } from '../../support/rabbitmq/broker';
import { startPrivateBroker } from '../../support/rabbitmq/shared-brokers';

/** What only a caller with a certificate of the authority reaches, by a name that no resolver knows: the plugin behind TLS. */
async function servePlugin(authority: Authority, plugin: string): Promise<Server> {
  const certificate = await authority.issue({ commonName: 'rabbit.internal', names: ['DNS:rabbit.internal'] });
  const options = { ...certificate, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  const server = createServer(options, (request, response) => {
    const headers = { authorization: request.headers.authorization ?? '' };
    void fetch(`${plugin}${request.url}`, { headers }).then(async (answer) => {
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

describe('the management plugin behind TLS', () => {
  let authority: Authority;
  let broker: TestBroker;
  let server: Server;
  let folder: string;
  let status: (tls: object, ...args: readonly string[]) => ReturnType<typeof warren>;

  beforeAll(async () => {
    authority = await createAuthority('Private');
    const certificate = await authority.issue({ commonName: 'rabbit.internal', names: ['DNS:rabbit.internal'] });
    const tls = { ca: authority.cert, certificate, clientCertificates: 'ignored' } as const;
    broker = await startPrivateBroker({ series: '4.3', plugins: ['rabbitmq_management'], tls });
    server = await servePlugin(authority, String(broker.managementUrl));
    const client = await authority.issue({ commonName: 'guest' });
    folder = await mkdtemp(join(tmpdir(), 'warren-management-'));
    await writeFile(join(folder, 'ca.pem'), authority.cert);
    await writeFile(join(folder, 'cert.pem'), client.cert);
    await writeFile(join(folder, 'key.pem'), client.key);
    status = async (given, ...args) => {
      const { port } = server.address() as AddressInfo;
      const config = {
        url: `amqps://guest:guest@127.0.0.1:${broker.tlsPort}`,
        tls: { ca: 'ca.pem', servername: 'rabbit.internal', ...given },
        management: `https://guest:guest@127.0.0.1:${port}`,
      };
      await writeFile(join(folder, 'warren.config.json'), JSON.stringify(config));
      return warren(['status', uniqueName('none'), '--json', ...args], { cwd: folder });
    };
  }, 120_000);
  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
    await broker?.dispose();
    await authority?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('is asked with the authority, the name and the client certificate of the option tls', async () => {
    const { code, stderr } = await status({ cert: 'cert.pem', key: 'key.pem' });
    expect(stderr).toBe('');
    // The queue is missing; a plugin that does not answer would be 2.
    expect(code).toBe(1);
  });

  it('refuses who has no certificate, and the command names the failure', async () => {
    const { code, stderr } = await status({});
    expect(code).toBe(2);
    expect(stderr).toMatch(/the management plugin at https:.* cannot be (?:reached over TLS|asked|reached) ?\(/);
  });
});

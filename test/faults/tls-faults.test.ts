import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { AmqpBrokerOptions } from '../../src/amqp/amqp-broker';
import { bounded, eventually } from '../support/bounded';
import { type Authority, type Certificate, createAuthority } from '../support/certificates';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { closeBrokers, consuming, watchBroker } from './support/watched-broker';

const LOCAL = ['DNS:localhost', 'IP:127.0.0.1'];
const CANARY = 'canary-2b7e';

/** An authority, and what it has issued: to the broker, and to its clients. */
interface Certificates {
  readonly authority: Authority;
  readonly good: Certificate;
  readonly expired: Certificate;
  readonly elsewhere: Certificate;
  readonly client: Certificate;
}

async function issueAll(authority: Authority): Promise<Certificates> {
  return {
    authority,
    good: await authority.issue({ commonName: 'broker', names: LOCAL }),
    expired: await authority.issue({ commonName: 'broker', names: LOCAL, expired: true }),
    elsewhere: await authority.issue({ commonName: 'broker', names: ['DNS:rabbit.example'] }),
    client: await authority.issue({ commonName: 'worker', passphrase: CANARY }),
  };
}

let ours: Certificates;
let stranger: Authority;
let folder: string;

beforeAll(async () => {
  ours = await issueAll(await createAuthority('ours'));
  stranger = await createAuthority('stranger');
  folder = await mkdtemp(join(tmpdir(), 'warren-certificates-'));
}, 60_000);
afterEach(closeBrokers);
afterAll(async () => {
  await ours.authority.dispose();
  await stranger.dispose();
  await rm(folder, { recursive: true });
});

const failureOf = (options: AmqpBrokerOptions): Promise<unknown> =>
  bounded(
    'the refusal',
    watchBroker({ connectTimeoutMs: 10_000, ...options })
      .broker.connect()
      .catch((error: unknown) => error),
    8_000,
  );

/** Handshakes from now on are made with this certificate. */
async function present(server: TestBroker, { cert, key }: Certificate): Promise<void> {
  await server.writeFile('tls-cert.pem', cert);
  await server.writeFile('tls-key.pem', key);
  await server.ctl('eval', 'ssl:clear_pem_cache().');
}

describe.each(TESTED_SERIES)('TLS to RabbitMQ %s', (series) => {
  let server: TestBroker;
  let url: string;

  beforeAll(async () => {
    server = await startPrivateBroker({
      series,
      tls: { ca: ours.authority.cert, certificate: ours.good, clientCertificates: 'ignored' },
    });
    url = `amqps://guest:guest@127.0.0.1:${server.tlsPort}`;
  }, 120_000);
  afterEach(() => present(server, ours.good), 60_000);
  afterAll(() => server.dispose(), 60_000);

  const trusted = () => ({ ca: ours.authority.cert });

  it.each([
    ['by its address', () => url, {}],
    ['by its name', () => url.replace('127.0.0.1', 'localhost'), {}],
    ['by another address, with the name said', () => url, { servername: 'localhost' }],
    ['with TLS 1.3 alone', () => url, { minVersion: 'TLSv1.3' } as const],
  ])('connects to a trusted broker %s', async (_, to, tls) => {
    // A broker that has just started, on a busy machine, may need longer for its first handshake than the default allows.
    const options = { url: to(), connectTimeoutMs: 60_000, tls: { ...trusted(), ...tls } };
    const { roundTrip } = await consuming(watchBroker(options));
    await roundTrip('after');
  });

  it.each<[string, () => AmqpBrokerOptions, RegExp]>([
    ['whose authority Node does not know', () => ({ url }), /name its authority in tls\.ca/],
    ['whose authority is another one', () => ({ url, tls: { ca: stranger.cert } }), /name its authority in tls\.ca/],
    [
      'whose certificate is for other names',
      () => ({ url, tls: { ...trusted(), servername: 'rabbit.example' } }),
      /say that name in tls\.servername/,
    ],
    [
      'that speaks no TLS on that port',
      () => ({ url: url.replace(`:${server.tlsPort}`, `:${server.port}`), tls: trusted() }),
      /The port speaks no TLS/,
    ],
  ])('refuses a broker %s, at once and with the remedy', async (_, options, remedy) => {
    const failure = await failureOf(options());
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'tls' });
    expect((failure as Error).message).toMatch(remedy);
  });

  it.each<[string, () => Certificate, RegExp]>([
    ['has expired', () => ours.expired, /CERT_HAS_EXPIRED.*Renew the broker's certificate/],
    ['is for other names', () => ours.elsewhere, /ALTNAME.*say that name in tls\.servername/],
  ])(
    'refuses a certificate that %s at start, and retries and says so later',
    async (_, certificate, told) => {
      const watched = watchBroker({ url, tls: trusted(), connectTimeoutMs: 10_000 });
      const { roundTrip } = await consuming(watched);
      await present(server, certificate());
      const failure = await failureOf({ url, tls: trusted() });
      expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'tls' });
      expect((failure as Error).message).toMatch(told);

      await server.ctl('close_all_connections', 'certificates');
      const isSaid = () => watched.connections.some(({ error }) => told.test(String(error?.message)));
      await eventually('the refusal', isSaid, (said) => said);
      await present(server, ours.good);
      await watched.subscriptionBecomes('consuming');
      await watched.connectionsBecome('connected');
      await roundTrip('after');
      // Never without TLS: the plain port has had no connection but the harness's.
      expect(await server.ctl('list_connections', 'ssl')).not.toContain('false');
    },
    60_000,
  );

  it('refuses to speak AMQP to the TLS port, and says what it may be', async () => {
    const failure = await failureOf({ url: `amqp://guest:guest@127.0.0.1:${server.tlsPort}` });
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED' });
    expect((failure as Error).message).toContain('amqps://');
  });

  it('takes any certificate only where that is said, whatever the environment says', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await failureOf({ url })).toMatchObject({ reason: 'tls' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    await consuming(watchBroker({ url, tls: { rejectUnauthorized: false } }));
  });
});

describe.each(TESTED_SERIES)('client certificates on RabbitMQ %s', (series) => {
  let server: TestBroker;
  let url: string;

  beforeAll(async () => {
    server = await startPrivateBroker({
      series,
      tls: { ca: ours.authority.cert, certificate: ours.good, clientCertificates: 'required' },
      plugins: ['rabbitmq_auth_mechanism_ssl'],
      config: ['auth_mechanisms.1 = PLAIN', 'auth_mechanisms.2 = EXTERNAL', 'ssl_cert_login_from = common_name'],
    });
    await server.ctl('add_user', 'worker', 'no password is ever asked for');
    await server.ctl('set_permissions', 'worker', '.*', '.*', '.*');
    url = `amqps://127.0.0.1:${server.tlsPort}`;
  }, 120_000);
  afterAll(() => server.dispose(), 60_000);

  const withCertificate = () => ({ ca: ours.authority.cert, ...ours.client, passphrase: CANARY });

  it('logs in with a password beside the certificate', async () => {
    const { roundTrip } = await consuming(watchBroker({ url, tls: withCertificate() }));
    await roundTrip('after');
  });

  it.each<[string, () => Promise<AmqpBrokerOptions['tls']>]>([
    ['PEM text', async () => withCertificate()],
    [
      'files',
      async () => {
        const path = (name: string): string => join(folder, name);
        await writeFile(path('ca'), ours.authority.cert);
        await writeFile(path('cert'), ours.client.cert);
        await writeFile(path('key'), ours.client.key);
        return { ca: path('ca'), cert: path('cert'), key: path('key'), passphrase: CANARY };
      },
    ],
    [
      'PKCS #12',
      async () => {
        const plain = await ours.authority.issue({ commonName: 'worker' });
        return { ca: ours.authority.cert, pfx: await ours.authority.bundle(plain, CANARY), passphrase: CANARY };
      },
    ],
  ])('logs in as the user that the certificate names, given as %s', async (_, tls) => {
    const watched = watchBroker({ url, credentials: 'external', tls: (await tls()) ?? {} });
    const { roundTrip } = await consuming(watched);
    await roundTrip('after');
    expect(await server.ctl('list_connections', 'user', 'auth_mechanism')).toContain('worker\tEXTERNAL');
    expect(inspect(watched.broker, { depth: 12, showHidden: true })).not.toContain(CANARY);
  });

  it.each<[string, () => Promise<AmqpBrokerOptions['tls']>, RegExp]>([
    ['is missing', async () => ({ ca: ours.authority.cert }), /check tls\.cert and tls\.key/],
    [
      'is of another authority',
      async () => ({ ca: ours.authority.cert, ...(await stranger.issue({ commonName: 'worker' })) }),
      /check tls\.cert and tls\.key/,
    ],
    [
      'is there and its key cannot be decrypted',
      async () => ({ ...withCertificate(), passphrase: `${CANARY}-wrong` }),
      /tls\.passphrase/,
    ],
    [
      'is a file that is not there',
      async () => ({ ...withCertificate(), cert: '/nowhere/cert.pem' }),
      /tls\.cert: the file "\/nowhere\/cert\.pem" cannot be read \(ENOENT\)/,
    ],
  ])('says what is wrong when the certificate %s', async (_, tls, remedy) => {
    const failure = await failureOf({ url, credentials: 'external', tls: (await tls()) ?? {} });
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'tls' });
    expect((failure as Error).message).toMatch(remedy);
    expect(inspect(failure, { depth: 12, showHidden: true })).not.toContain(CANARY);
  });

  it('says that the certificate names no user', async () => {
    const nobody = await ours.authority.issue({ commonName: 'nobody' });
    const failure = await failureOf({ url, credentials: 'external', tls: { ca: ours.authority.cert, ...nobody } });
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'credentials' });
  });

  it('says that the broker offers no login by certificate', async () => {
    const [plain] = [url.replace(`:${server.tlsPort}`, `:${server.port}`).replace('amqps', 'amqp')];
    // On the plain port there is no certificate to log in with.
    const failure = await failureOf({ url: plain, credentials: 'external' });
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'credentials' });
  });
});

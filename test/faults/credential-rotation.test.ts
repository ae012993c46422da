import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { inspect } from 'node:util';
import type { BrokerCredentials } from '../../src';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { closeBrokers, consuming, type WatchedBroker, watchBroker } from './support/watched-broker';

const CANARY = 'canary-8e31/#@%é';
const errorsOf = (watched: WatchedBroker) =>
  watched.connections.flatMap(({ error }) => (error === undefined ? [] : [error]));

afterEach(closeBrokers);

describe.each(TESTED_SERIES)('credentials from a function, on RabbitMQ %s', (series) => {
  let server: TestBroker;
  let url: string;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
    url = server.url.replace('guest:guest@', '');
  }, 120_000);
  afterAll(() => server.dispose(), 60_000);

  async function addUser(): Promise<string> {
    const user = `worker-${randomUUID().slice(0, 8)}`;
    await server.ctl('add_user', user, CANARY);
    await server.ctl('set_permissions', user, '.*', '.*', '.*');
    return user;
  }

  const expectNoCanary = (...said: readonly unknown[]): void =>
    expect(inspect(said, { depth: 12, showHidden: true }) + JSON.stringify(said)).not.toContain('canary');

  it('asks at every attempt, so that a password that was changed is found by itself', async () => {
    const username = await addUser();
    let password = CANARY;
    let asked = 0;
    const watched = watchBroker({
      url,
      credentials: async () => {
        asked++;
        return { username, password };
      },
    });
    const { roundTrip } = await consuming(watched);
    expect(asked).toBe(2);
    await server.ctl('change_password', username, `${CANARY}-next`);
    await server.ctl('close_all_connections', 'rotation');
    await eventually(
      'the refusal',
      () => errorsOf(watched),
      (errors) => inspect(errors).includes("reason: 'credentials'"),
    );
    password = `${CANARY}-next`;
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
    expectNoCanary(watched.connections, watched.subscriptions, watched.broker);
  }, 60_000);

  it('comes back as the next user when the user of now is deleted', async () => {
    let username = await addUser();
    const watched = watchBroker({ url, credentials: () => ({ username, password: CANARY }) });
    const { roundTrip } = await consuming(watched);
    const last = username;
    username = await addUser();
    await server.ctl('delete_user', last);
    await eventually(
      'the loss',
      () => errorsOf(watched).length,
      (count) => count > 0,
    );
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
  }, 60_000);

  it.each<[string, () => BrokerCredentials | Promise<BrokerCredentials>, string]>([
    [
      'throws',
      () => {
        throw new Error(`no lease for ${CANARY}`);
      },
      'threw Error',
    ],
    ['rejects', () => Promise.reject(new RangeError(CANARY)), 'threw RangeError'],
    ['never answers', () => new Promise(() => undefined), 'gave nothing within 300 ms'],
  ])('says so at start when the function %s, and shows none', async (_, credentials, told) => {
    const watched = watchBroker({ url, credentials, connectTimeoutMs: 300 });
    const failure = await bounded(
      'the refusal',
      watched.broker.connect().catch((error: unknown) => error),
    );
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'no-credentials' });
    expect((failure as Error).message).toContain(told);
    expectNoCanary(failure, watched.connections);
  });

  it('retries a function that fails later, says so, and comes back once it answers', async () => {
    const username = await addUser();
    let fails = false;
    const watched = watchBroker({
      url,
      credentials: () => {
        if (fails) throw new Error(CANARY);
        return { username, password: CANARY };
      },
    });
    const { roundTrip } = await consuming(watched);
    fails = true;
    await server.ctl('close_all_connections', 'the store is away');
    await eventually(
      'the failure to be told',
      () => errorsOf(watched),
      (errors) => inspect(errors).includes('no-credentials'),
    );
    fails = false;
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
    expectNoCanary(watched.connections, watched.subscriptions);
  }, 60_000);

  it('tells the broker the next secret of live connections before the last one expires', async () => {
    const username = await addUser();
    const given: Date[] = [];
    const watched = watchBroker({
      url,
      credentials: () => {
        const expiresAt = new Date(Date.now() + 2_000);
        given.push(expiresAt);
        return { username, password: CANARY, expiresAt };
      },
    });
    const { roundTrip } = await consuming(watched);
    // Two connections, each of which asks to connect and then twice to renew.
    await eventually(
      'two renewals of each connection',
      () => given.length,
      (count) => count >= 6,
    );
    await roundTrip('after');
    expect(errorsOf(watched)).toEqual([]);
    // What the broker took note of, in its own words.
    await eventually(
      'the broker to log it',
      () => server.log(),
      (log) => log.split('\n').filter((line) => line.includes(`user '${username}' updated secret`)).length >= 4,
    );
    expect(await server.log()).not.toContain('canary');
  }, 60_000);

  it('says that a renewal failed while it is still connected, and that the next one did not', async () => {
    const username = await addUser();
    let renewals: 'stale' | 'fresh' = 'stale';
    const first = new Date(Date.now() + 3_000);
    const watched = watchBroker({
      url,
      credentials: () => {
        const expiresAt = renewals === 'stale' ? first : new Date(Date.now() + 3_600_000);
        return { username, password: CANARY, expiresAt };
      },
    });
    const { roundTrip } = await consuming(watched);
    await eventually(
      'the failure to be told',
      () => errorsOf(watched).map(({ message }) => message),
      (messages) => messages.some((message) => message.includes('expires no later than what is in use')),
    );
    expect(watched.connections.at(-1)).toMatchObject({ state: 'connected', error: { reason: 'no-credentials' } });
    renewals = 'fresh';
    await eventually(
      'the success to be told',
      () => watched.connections.at(-1),
      (last) => last?.state === 'connected' && last.error === undefined,
    );
    await roundTrip('after');
  }, 60_000);
});

describe.each(TESTED_SERIES)('tokens of OAuth 2, on RabbitMQ %s', (series) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let server: TestBroker;
  let url: string;

  beforeAll(async () => {
    server = await startPrivateBroker({
      series,
      plugins: ['rabbitmq_auth_backend_oauth2'],
      files: { 'signing-key.pem': publicKey.export({ type: 'spki', format: 'pem' }).toString() },
      config: [
        'auth_backends.1 = internal',
        'auth_backends.2 = rabbit_auth_backend_oauth2',
        'auth_oauth2.resource_server_id = rabbitmq',
        'auth_oauth2.default_key = test',
        'auth_oauth2.signing_keys.test = {files}/signing-key.pem',
        'auth_oauth2.algorithms.1 = RS256',
      ],
    });
    url = server.url.replace('guest:guest@', '');
  }, 120_000);
  afterAll(() => server.dispose(), 60_000);

  function token(lifeMs: number): { readonly password: string; readonly expiresAt: Date } {
    const now = Math.floor(Date.now() / 1_000);
    const expires = now + Math.ceil(lifeMs / 1_000);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const scope = ['rabbitmq.configure:*/*', 'rabbitmq.write:*/*', 'rabbitmq.read:*/*'];
    const content = `${part({ alg: 'RS256', typ: 'JWT', kid: 'test' })}.${part({ sub: 'worker', aud: ['rabbitmq'], iat: now, exp: expires, scope })}`;
    const signature = sign('RSA-SHA256', Buffer.from(content), privateKey).toString('base64url');
    return { password: `${content}.${signature}`, expiresAt: new Date(expires * 1_000) };
  }

  const tokenLife = 5_000;

  it('outlives its tokens: each live connection gets the next one in time', async () => {
    const tokens: string[] = [];
    const watched = watchBroker({
      url,
      credentials: () => {
        const { password, expiresAt } = token(tokenLife);
        tokens.push(password);
        return { username: '', password, expiresAt };
      },
    });
    const { roundTrip } = await consuming(watched);
    const until = Date.now() + 2.5 * tokenLife;
    let rounds = 0;
    while (Date.now() < until) await roundTrip(`message ${rounds++}`);
    expect(rounds).toBeGreaterThan(0);
    expect(errorsOf(watched)).toEqual([]);
    expect(watched.connections.map(({ state }) => state).filter((state) => state === 'connected')).toHaveLength(2);
    expect(inspect(watched.connections, { depth: 12 })).not.toContain(tokens[0]);
  }, 60_000);

  it('is refused with a token that nobody renews, says so, and comes back with the next one', async () => {
    let renews = false;
    const old = token(tokenLife);
    const watched = watchBroker({
      url,
      credentials: () => {
        const { password } = renews ? token(3_600_000) : old;
        return { username: '', password };
      },
    });
    const { roundTrip } = await consuming(watched);
    // 4.3 refuses what lives on an old token by itself; 3.10 only lets nobody in with it.
    await eventually(
      'the token to be old',
      () => Date.now() - old.expiresAt.getTime(),
      (age) => age > 0,
    );
    await server.ctl('close_all_connections', 'the token is old');
    await eventually(
      'the refusal to be told',
      () => errorsOf(watched),
      (errors) => inspect(errors).includes("reason: 'credentials'"),
    );
    renews = true;
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
  }, 60_000);

  it('does not take a renewal that the broker refuses for one, and connects again with the next', async () => {
    let renewals = 0;
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const watched = watchBroker({
      url,
      credentials: () => {
        const { password, expiresAt } = token(3_000);
        renewals++;
        // The third is the first renewal: two connections have logged in.
        if (renewals !== 3)
          return { username: '', password: token(3_600_000).password, ...(renewals < 3 ? { expiresAt } : {}) };
        const [head, body] = password.split('.');
        const forged = sign('RSA-SHA256', Buffer.from(`${head}.${body}`), stranger).toString('base64url');
        return { username: '', password: `${head}.${body}.${forged}`, expiresAt: new Date(Date.now() + 60_000) };
      },
    });
    const { roundTrip } = await consuming(watched);
    await eventually(
      'the refusal',
      () => errorsOf(watched).length,
      (count) => count > 0,
    );
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
  }, 60_000);
});

import { inspect } from 'node:util';
import { parseAddress } from '../../../../src/amqp/connect/address';
import { type Login, loginSource, responseOf } from '../../../../src/amqp/connect/login';
import type { BrokerCredentials } from '../../../../src/broker/access';
import type { ConnectionFailedError } from '../../../../src/errors/broker-errors';
import { HOSTILE_VALUES } from '../../support/hostile-values';

const CANARY = 'c4n4ry/#@%é';
const address = parseAddress(`amqp://app:${encodeURIComponent(CANARY)}@broker`);

const failureOf = async (credentials: () => unknown, timeoutMs = 1_000): Promise<ConnectionFailedError> => {
  const source = loginSource(credentials as () => BrokerCredentials, timeoutMs);
  const failure = await source(address).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('c4n4ry');
  return failure as ConnectionFailedError;
};

it('logs in with what the URL says, as UTF-8, and shows no password', async () => {
  const login = await loginSource(undefined, 1_000)(address);
  expect(responseOf(login).toString('utf8')).toBe(`\0app\0${CANARY}`);
  expect(login).toMatchObject({ mechanism: 'PLAIN', username: 'app', expiresAt: undefined });
  expect(inspect(login, { showHidden: true }) + JSON.stringify(login)).not.toContain('c4n4ry');
});

it('logs in by the certificate', async () => {
  const login = await loginSource('external', 1_000)(address);
  expect([login.mechanism, responseOf(login).length]).toEqual(['EXTERNAL', 0]);
});

it.each<[string, () => BrokerCredentials | Promise<BrokerCredentials>]>([
  ['at once', () => ({ username: 'ada', password: CANARY })],
  ['later', async () => ({ username: 'ada', password: CANARY })],
])('asks the function each time, which answers %s', async (_, credentials) => {
  let asked = 0;
  const source = loginSource(() => {
    asked++;
    return credentials();
  }, 1_000);
  const logins: Login[] = [await source(address), await source(address)];
  expect(asked).toBe(2);
  expect(logins.map((login) => responseOf(login).toString())).toEqual(Array(2).fill(`\0ada\0${CANARY}`));
});

it('knows when they expire', async () => {
  const expiresAt = new Date(4_711);
  const source = loginSource(() => ({ username: 'ada', password: 'x', expiresAt }), 1_000);
  expect(await source(address)).toMatchObject({ expiresAt: 4_711 });
});

it('tells what the function threw, but not its message, which may quote a secret', async () => {
  const failure = await failureOf(() => {
    throw Object.assign(new TypeError(`no lease for ${CANARY}`), { code: 'ECONNREFUSED' });
  });
  expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'no-credentials' });
  expect(failure.message).toBe(
    'Cannot connect to amqp://broker:5672 (no-credentials): the credentials function threw TypeError (ECONNREFUSED); its message may hold a secret and is not shown.',
  );
});

it('does not wait for the function longer than it may', async () => {
  const failure = await failureOf(() => new Promise(() => undefined), 20);
  expect(failure).toMatchObject({ reason: 'no-credentials' });
  expect(failure.message).toContain('gave nothing within 20 ms');
});

it.each([
  ['nothing', undefined],
  ['a text', CANARY],
  ['no password', { username: 'ada' }],
  ['a password that is no text', { username: 'ada', password: [CANARY] }],
  ['a zero character', { username: 'ada', password: `${CANARY}\0x` }],
  ['an instant that is none', { username: 'ada', password: CANARY, expiresAt: new Date('never') }],
  ['seconds instead of an instant', { username: 'ada', password: CANARY, expiresAt: 3_600 }],
])('refuses %s, and says what is expected', async (_, given) => {
  const failure = await failureOf(() => given);
  expect(failure).toMatchObject({ reason: 'credentials' });
  expect(failure.message).toContain('Expected { username, password, expiresAt? }');
});

it.each(HOSTILE_VALUES)('makes an error even where %s is thrown', async (_label, thrown) => {
  const failure = await failureOf(() => {
    throw thrown;
  });
  expect(failure.reason).toBe('no-credentials');
});

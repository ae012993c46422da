import { inspect } from 'node:util';
import { readConnection } from '../../../src/app/connection-options';
import { OptionReader } from '../../../src/options/option-reader';

const CANARY = 'c4n4ry';
const PEM = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`;

function read(options: unknown, fallback = 'amqps://broker') {
  const problems: string[] = [];
  const resolved = readConnection(new OptionReader(options, 'app', problems), fallback, '/srv/shop');
  expect(inspect(problems)).not.toContain(CANARY);
  return { resolved, problems };
}

it('takes PEM, bytes and paths, which begin at cwd', () => {
  const bytes = Buffer.from('der');
  const { resolved, problems } = read({
    tls: { ca: ['certs/ca.pem', PEM], cert: '/etc/cert.pem', key: PEM, pfx: bytes },
  });
  expect(problems).toEqual([]);
  expect(resolved.tls).toEqual({ ca: ['/srv/shop/certs/ca.pem', PEM], cert: '/etc/cert.pem', key: PEM, pfx: bytes });
  expect(read({ tls: { ca: 'ca.pem' } }).resolved.tls).toEqual({ ca: ['/srv/shop/ca.pem'] });
});

it.each<[object, string]>([
  [{ tls: PEM }, 'tls must be an object'],
  [{ tls: { certificate: PEM } }, 'unknown option "tls.certificate"'],
  [{ tls: { ca: [5] } }, 'tls.ca must be PEM text, a Buffer or a path, or an array of such'],
  [{ tls: { cert: { text: PEM } } }, 'tls.cert must be PEM text, a Buffer or a path'],
  [{ tls: { key: PEM } }, 'tls.cert and tls.key need each other'],
  [{ tls: { passphrase: 4711 } }, 'tls.passphrase must be a non-empty string'],
  [{ tls: { minVersion: 'TLSv1.1' } }, "tls.minVersion must be one of 'TLSv1.2', 'TLSv1.3'"],
  [{ tls: { rejectUnauthorized: 'no' } }, 'tls.rejectUnauthorized must be true or false'],
  [{ url: 'amqp://broker', tls: { ca: 'ca.pem' } }, 'tls is given, and url is amqp://'],
  [{ credentials: { username: 'ada', password: CANARY } }, 'credentials must be a function'],
  [{ credentials: CANARY }, "credentials must be a function that gives { username, password }, or 'external'"],
  [
    { url: `amqps://app:${CANARY}@broker`, credentials: () => ({}) },
    'credentials and a user in url exclude each other',
  ],
  [{ credentials: 'external' }, "credentials: 'external' needs amqps:// and a client certificate"],
  [{ url: 'amqp://broker', credentials: 'external' }, "credentials: 'external' needs amqps://"],
])('refuses %j', (options, problem) => {
  expect(read(options).problems.join('\n')).toContain(problem);
});

it('tells all mistakes together', () => {
  const { problems } = read({ url: 'amqp://a', credentials: 5, tls: { ca: 5, keys: PEM, passphrase: '' } });
  expect(problems).toHaveLength(5);
});

it('knows no contradiction where the broker is embedded', () => {
  expect(read({ url: 'memory:', credentials: () => ({}), tls: { ca: 'ca.pem' } }).problems).toEqual([]);
});

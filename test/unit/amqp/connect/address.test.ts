import { inspect } from 'node:util';
import fc from 'fast-check';
import { parseAddress } from '../../../../src/amqp/connect/address';
import { ConfigurationError } from '../../../../src/errors/configuration-error';

const CANARY = 'c4n4ryS3cret';

it.each<[string, object]>([
  [
    'amqp://',
    {
      tls: false,
      host: 'localhost',
      port: 5672,
      vhost: '/',
      username: 'guest',
      password: 'guest',
      heartbeatSeconds: undefined,
      label: 'amqp://localhost:5672',
    },
  ],
  ['amqps://broker', { tls: true, host: 'broker', port: 5671, label: 'amqps://broker:5671' }],
  [
    'amqp://ada:pw@broker:5673/shop',
    { host: 'broker', port: 5673, vhost: 'shop', username: 'ada', password: 'pw', label: 'amqp://broker:5673/shop' },
  ],
  ['amqp://ada@broker', { username: 'ada', password: '' }],
  ['amqp://ada:@broker', { username: 'ada', password: '' }],
  ['amqp://ada:a:b@broker', { username: 'ada', password: 'a:b' }],
  ['amqp://a%64a:p%C3%A9%2F%23%40%25%3F@broker', { username: 'ada', password: 'pé/#@%?' }],
  ['amqp://[::1]:5673/shop', { host: '::1', port: 5673, label: 'amqp://[::1]:5673/shop' }],
  ['amqps://[2001:db8::7]', { host: '2001:db8::7', port: 5671, label: 'amqps://[2001:db8::7]:5671' }],
  ['AMQPS://broker', { tls: true, port: 5671, label: 'amqps://broker:5671' }],
  ['amqp://app:pa$word@broker', { password: 'pa$word' }],
  ["amqp://broker/it's'", { vhost: "it's'" }],
  ['amqp://app:$(pa)word@broker', { password: '$(pa)word' }],
  ['amqp://broker/', { vhost: '/' }],
  ['amqp://broker/%2F', { vhost: '/', label: 'amqp://broker:5672' }],
  ['amqp://broker/%2fshop', { vhost: '/shop', label: 'amqp://broker:5672/%2Fshop' }],
  ['amqp://broker/a%2Fb', { vhost: 'a/b', label: 'amqp://broker:5672/a%2Fb' }],
  ['amqp://broker/gr%C3%B6%C3%9Fe', { vhost: 'größe' }],
  ['amqp://broker?heartbeat=30', { heartbeatSeconds: 30, vhost: '/' }],
  ['amqp://broker/shop?heartbeat=0&channel_max=5', { heartbeatSeconds: 0, vhost: 'shop' }],
])('reads %s', (url, expected) => {
  expect(withPassword(url)).toMatchObject(expected);
});

// biome-ignore-start lint/style/useTemplate: these are what a template would replace.
it.each<[string, string]>([
  ['', 'must begin with amqp:// or amqps://'],
  ['broker:5672', 'must begin with'],
  ['http://broker', 'must begin with'],
  ['AMQP:broker', 'must begin with amqp:// or amqps://, with two slashes'],
  ['amqp:/broker', 'with two slashes'],
  [
    'http://broker:15672',
    "begins with http://: the management plugin's address is not the broker's, whose port is usually 5672",
  ],
  ['redis://broker', 'begins with redis://'],
  ['amqp://broker\n', 'it ends in a line break'],
  ['amqp://broker/shop\r\n', 'it ends in a line break'],
  ['amqp://broker/shop\n  ', 'it ends in a line break'],
  ['amqp://broker/shop%0A', 'its vhost holds a line break'],
  [' amqp://broker', 'white space at its beginning or end'],
  ['amqp://broker\t', 'white space at its beginning or end'],
  ['\uFEFFamqp://broker', 'byte order mark'],
  ['"amqp://broker"', 'quotation marks around it'],
  ["'amqp://broker'", 'quotation marks around it'],
  ['"amqp://broker', 'quotation marks around it'],
  ['amqp://broker/shop"', 'quotation marks around it'],
  ['$' + '{AMQP_URL}', 'a variable that nobody has replaced'],
  ['$AMQP_URL', 'a variable that nobody has replaced'],
  ['%AMQP_URL%', 'a variable that nobody has replaced'],
  ['amqp://$' + '{USER}:$' + '{PASSWORD}@broker', 'a variable that nobody has replaced'],
  ['amqp://{{ user }}@broker', 'a variable that nobody has replaced'],
  ['amqp://$(cat user)@broker', 'a variable that nobody has replaced'],
  ['undefined', 'the text of a value that was not set'],
  ['[object Object]', 'the text of a value that was not set'],
  ['amqp://undefined', 'the text of a value that was not set'],
  ['amqp://undefined:undefined@broker', 'the text of a value that was not set'],
  ['amqp://broker/null', 'the text of a value that was not set'],
  ['amqp://bro ker', 'they hold white space'],
  ['amqp://::1', 'an IPv6 address needs brackets'],
  ['amqp://bro ker', 'host and port cannot be read'],
  ['amqp://broker:port', 'host and port cannot be read'],
  ['amqp://::1', 'host and port cannot be read'],
  ['amqp://broker:0', 'port is not in 1 to 65535'],
  ['amqp://broker:65536', 'port is not in 1 to 65535'],
  ['amqp://broker/a/b', 'write it as %2F'],
  ['amqp://broker/a/b%2Fc', 'write it as %2F'],
  ['amqp://broker//', 'write it as %2F'],
  ['amqp://broker/%zz', 'vhost is not valid percent-encoding'],
  ['amqp://broker?heartbeat=soon', 'heartbeat is not in 0 to 3600'],
  ['amqp://broker?heartbeat=', 'heartbeat is not in 0 to 3600'],
  ['amqp://broker?heartbeat=-1', 'heartbeat is not in 0 to 3600'],
  ['amqp://broker?heartbeat=1.5', 'heartbeat is not in 0 to 3600'],
  ['amqp://broker?heartbeat=3601', 'heartbeat is not in 0 to 3600'],
  ['amqp://broker#top', 'host and port cannot be read'],
])('refuses %p', (url, problem) => {
  expect(refusalOf(url).message).toContain(problem);
});

// biome-ignore-end lint/style/useTemplate: the table ends.
describe('a password that was not encoded', () => {
  it.each<[string, string]>([
    ['a slash', `amqp://app:${CANARY}/w@broker`],
    ['a slash at its end', `amqp://app:${CANARY}/@broker`],
    ['a hash', `amqp://app:${CANARY}#w@broker`],
    ['a question mark', `amqp://app:${CANARY}?w@broker`],
    ['an at sign', `amqp://app:${CANARY}@w@broker`],
    ['an at sign and a slash', `amqp://app:${CANARY}@ss/w@broker`],
    ['a percent sign', `amqp://app:${CANARY}%w@broker`],
    ['a line break', `amqp://app:${CANARY}\n/@broker`],
  ])('is refused for %s, with the remedy and without the password', (_label, url) => {
    const error = refusalOf(url);
    expect(error.message).toContain('encodeURIComponent()');
    expectNoCanary(error);
  });

  it.each([
    `http://app:${CANARY}@broker`,
    `app:${CANARY}@broker`,
    `amqp://app:${CANARY}`,
    `amqp://app:${CANARY}@broker:99999`,
    `amqp://app:${CANARY}@broker:port`,
    `amqp://app:${CANARY}@broker/a/b`,
    `amqp://app:${CANARY}@broker?heartbeat=x`,
    `amqp://${CANARY}%zz:pw@broker`,
    `amqp://app:${CANARY}@broker\n`,
    `"amqp://app:${CANARY}@broker"`,
    `amqp://app:${CANARY}@undefined`,
    `amqp://app:\${${CANARY}}@broker`,
    `amqp://app:${CANARY}:5672`,
  ])('stands in no error, whatever else is wrong: %#', (url) => {
    expectNoCanary(refusalOf(url));
  });
});

it('shows its password to nobody who only looks', () => {
  const address = parseAddress(`amqp://app:${CANARY}@broker/shop`);
  expect(address.password()).toBe(CANARY);
  for (const shown of [
    inspect(address, { showHidden: true, getters: true }),
    JSON.stringify(address),
    JSON.stringify({ ...address }),
    address.label,
  ])
    expect(shown).not.toContain(CANARY);
  expect(Object.isFrozen(address)).toBe(true);
});

it('reads back whatever encodeURIComponent wrote', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(text, text, text, (username, password, vhost) => {
      const url = `amqp://${encodeURIComponent(username)}:${encodeURIComponent(password)}@broker:1/${encodeURIComponent(vhost)}`;
      expect(withPassword(url)).toMatchObject({ username, password, vhost, host: 'broker', port: 1 });
    }),
  );
});

it('reads any text, or refuses it with a ConfigurationError', () => {
  const url = fc.oneof(
    fc.string(),
    fc.string().map((rest) => `amqp://${rest}`),
    fc.stringMatching(/^amqps?:\/\/[a-z:@/?#%[\]0-9]{0,30}$/),
  );
  fc.assert(
    fc.property(url, (text) => {
      try {
        expect(parseAddress(text).port).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
      }
    }),
  );
});

function withPassword(url: string): object {
  const address = parseAddress(url);
  return { ...address, password: address.password() };
}

function refusalOf(url: string): ConfigurationError {
  try {
    parseAddress(url);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
  }
  throw new Error('the address was not refused');
}

function expectNoCanary(error: ConfigurationError): void {
  for (const shown of [
    error.message,
    String(error.stack),
    inspect(error, { showHidden: true, depth: 9 }),
    JSON.stringify(error),
  ]) {
    expect(shown).not.toContain(CANARY);
  }
}

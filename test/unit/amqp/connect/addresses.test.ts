import { inspect } from 'node:util';
import { parseAddresses } from '../../../../src/amqp/connect/addresses';
import { ConfigurationError } from '../../../../src/errors/configuration-error';

const CANARY = 'c4n4ry';

const problemsOf = (url: string | readonly string[]): readonly string[] => {
  try {
    parseAddresses(url);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(inspect(error, { showHidden: true })).not.toContain(CANARY);
    return error.problems;
  }
  throw new Error('the addresses were not refused');
};

it.each<[string | readonly string[]]>([
  ['amqp://app:pw@a/shop,amqp://app:other@b:5673/shop'],
  [['amqp://app:pw@a/shop', 'amqp://app:other@b:5673/shop']],
])('reads several hosts, each with credentials of its own: %j', (url) => {
  const addresses = parseAddresses(url);
  expect(addresses.map((address) => ({ ...address, password: address.password() }))).toMatchObject([
    { host: 'a', port: 5672, password: 'pw', label: 'amqp://a:5672/shop' },
    { host: 'b', port: 5673, password: 'other', label: 'amqp://b:5673/shop' },
  ]);
});

it('tells every mistake, with the place in the list and without any part of a URL', () => {
  expect(problemsOf([`amqp://app:${CANARY}/x@a`, 'amqp://b', `http://app:${CANARY}@c`])).toEqual([
    expect.stringMatching(/^url\[0\]: .*encodeURIComponent/),
    expect.stringMatching(/^url\[2\]: .*must begin with amqp/),
  ]);
});

it.each<[string, readonly string[], string]>([
  ['vhosts', ['amqp://a/shop', 'amqp://b/other'], 'the same vhost'],
  ['TLS', ['amqps://a', 'amqp://b'], 'come back without TLS'],
  ['users', [`amqp://app:${CANARY}@a`, 'amqp://b'], 'would log in as guest'],
])('refuses hosts of one broker that differ in %s', (_what, urls, problem) => {
  expect(problemsOf(urls)).toEqual([expect.stringContaining(problem)]);
});

it('refuses an empty list', () => {
  expect(problemsOf([])).toEqual(['url is an empty list: name at least one broker']);
});

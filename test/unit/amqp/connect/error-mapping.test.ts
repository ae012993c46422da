import {
  allFailed,
  channelFailure,
  connectionFailure,
  exchangeNamedIn,
} from '../../../../src/amqp/connect/error-mapping';
import { ConnectionFailedError, type ConnectionFailure } from '../../../../src/errors/broker-errors';
import { HOSTILE_VALUES } from '../../support/hostile-values';

const ADDRESS = 'amqp://broker:5672/shop';
const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** What Node gives where `localhost` has two addresses and neither answers: the message is empty. */
const bothRefused = Object.assign(
  new AggregateError([new Error('connect ECONNREFUSED ::1:5672'), new Error('connect ECONNREFUSED 127.0.0.1:5672')]),
  {
    code: 'ECONNREFUSED',
  },
);

// The texts of amqplib 2.3, Node 20 and RabbitMQ 3.10 to 4.3.
it.each<[string, Error, ConnectionFailure]>([
  ['nobody listens', coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:5672'), 'unreachable'],
  ['nobody listens on both addresses', bothRefused, 'unreachable'],
  ['the host is unknown', coded('ENOTFOUND', 'getaddrinfo ENOTFOUND broker'), 'unreachable'],
  ['the connection is reset', coded('ECONNRESET', 'read ECONNRESET'), 'unreachable'],
  ['the peer hangs up', new Error('Socket closed abruptly during opening handshake'), 'unreachable'],
  ['the peer is silent', new Error('connect ETIMEDOUT'), 'timeout'],
  ['the network is silent', coded('ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:5672'), 'timeout'],
  [
    'the password is wrong',
    new Error(
      'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile."',
    ),
    'credentials',
  ],
  [
    'the vhost is missing',
    new Error('Handshake terminated by server: 530 (NOT-ALLOWED) with message "NOT_ALLOWED - vhost shop not found"'),
    'vhost',
  ],
  [
    'the vhost is not permitted',
    new Error(
      "Connection closed: 530 (NOT-ALLOWED) with message \"NOT_ALLOWED - access to vhost 'shop' refused for user 'app'\"",
    ),
    'vhost',
  ],
  ['the certificate has expired', coded('CERT_HAS_EXPIRED', 'certificate has expired'), 'tls'],
  [
    'the certificate is another host’s',
    coded('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"),
    'tls',
  ],
  ['the certificate is self-signed', coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), 'tls'],
  [
    'its authority is unknown',
    coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'),
    'tls',
  ],
  [
    'the port speaks no TLS',
    coded('ERR_SSL_WRONG_VERSION_NUMBER', 'SSL routines:ssl3_get_record:wrong version number'),
    'tls',
  ],
  [
    'it is no AMQP port',
    new Error(
      'Expected connection.secure, connection.close, or connection.tune during handshake; got <ConnectionBlocked channel:0>',
    ),
    'protocol',
  ],
])('tells when %s', (_label, error, reason) => {
  const failure = connectionFailure(error, ADDRESS);
  expect(failure).toBeInstanceOf(ConnectionFailedError);
  expect([failure.reason, failure.address]).toEqual([reason, ADDRESS]);
  expect(failure.message).toMatch(/^Cannot connect to amqp:\/\/broker:5672\/shop \([a-z]+\): [^.:\s]+.* .*[.?]$/);
});

it('says what the broker said, or the code where Node says nothing more, and what to do', () => {
  const refused = connectionFailure(
    new Error('Handshake terminated by server: 530 (NOT-ALLOWED) with message "NOT_ALLOWED - vhost shop not found"'),
    ADDRESS,
  );
  expect(refused.message).toMatch(/\(vhost\): NOT_ALLOWED - vhost shop not found\. Create /);
  expect(connectionFailure(bothRefused, ADDRESS).message).toContain(
    '(unreachable): ECONNREFUSED. Is the broker running there',
  );
  expect(connectionFailure(coded('CERT_HAS_EXPIRED', 'certificate has expired'), ADDRESS).message).toContain(
    'CERT_HAS_EXPIRED: certificate has expired. Renew',
  );
});

it.each(HOSTILE_VALUES)('makes an error even of %s', (_label, thrown) => {
  expect(connectionFailure(thrown, ADDRESS).reason).toBe('protocol');
});

it('reads code and text of a closed channel', () => {
  const closed = Object.assign(
    new Error(
      `Channel closed by server: 404 (NOT-FOUND) with message "NOT_FOUND - no exchange 'shop "x"' in vhost '/'"`,
    ),
    { code: 404 },
  );
  expect(channelFailure(closed)).toEqual({ code: 404, text: `NOT_FOUND - no exchange 'shop "x"' in vhost '/'` });
  expect(channelFailure(coded('ECONNRESET', 'read ECONNRESET'))).toEqual({ code: 0, text: 'read ECONNRESET' });
  expect(channelFailure(undefined)).toEqual({ code: 0, text: 'undefined' });
});

it.each([coded('ECONNRESET', 'read ECONNRESET'), new Error('Socket closed abruptly during opening handshake')])(
  'says what a port may be that ends a handshake without TLS (%s), and not where there was TLS',
  (error) => {
    expect(connectionFailure(error, 'amqp://broker:5671').detail).toContain('A TLS port needs amqps://');
    expect(connectionFailure(error, 'amqps://broker:5671').detail).not.toContain('amqps://');
  },
);

it.each([
  ["NOT_FOUND - no exchange 'shop' in vhost '/'", 'shop'],
  ["ACCESS_REFUSED - write access to exchange 'shop.eu' in vhost '/' refused for user 'app'", 'shop.eu'],
  ["NOT_FOUND - no queue 'emails' in vhost '/'", undefined],
  ['', undefined],
])('finds the exchange that %p is about: %p', (text, exchange) => {
  expect(exchangeNamedIn(text)).toBe(exchange);
});

it('of several hosts that failed, tells what each said, and the reason that no waiting heals', () => {
  const failures = [
    connectionFailure(coded('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:5672'), 'amqp://a:5672'),
    new ConnectionFailedError('amqp://b:5672', 'credentials', 'ACCESS_REFUSED. Check user name and password.'),
  ];
  const failure = allFailed(failures);
  expect(failure).toMatchObject({ reason: 'credentials', address: 'amqp://a:5672, amqp://b:5672' });
  expect(failure.message).toBe(
    'Cannot connect to amqp://a:5672, amqp://b:5672 (credentials): none of 2 hosts could be used. amqp://a:5672 (unreachable): connect ECONNREFUSED 10.0.0.1:5672. Is the broker running there, and the port open? amqp://b:5672 (credentials): ACCESS_REFUSED. Check user name and password.',
  );
  expect(allFailed(failures.slice(0, 1))).toBe(failures[0]);
});

it.each<[string, string, Error, RegExp]>([
  [
    'the management plugin',
    'amqp://broker:15672',
    new Error('Socket closed abruptly during opening handshake'),
    /Port 15672 is usually that of the management plugin, which speaks HTTP: AMQP is usually at 5672/,
  ],
  ['MQTT', 'amqp://broker:1883/shop', coded('ECONNRESET', 'read ECONNRESET'), /Port 1883 is usually that of MQTT/],
  ['a name that nobody knows', ADDRESS, coded('ENOTFOUND', 'getaddrinfo ENOTFOUND broker'), /name cannot be resolved/],
  [
    'a resolver that does not answer',
    ADDRESS,
    coded('EAI_AGAIN', 'getaddrinfo EAI_AGAIN broker'),
    /name cannot be resolved/,
  ],
  [
    'a container that asks itself',
    'amqp://localhost:5672',
    coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:5672'),
    /In a container, this address is the container itself/,
  ],
  [
    'a TLS port without TLS',
    'amqp://broker:5671',
    new Error('Socket closed abruptly during opening handshake'),
    /A TLS port needs amqps:/,
  ],
])('says what to do about %s', (_what, address, error, remedy) => {
  expect(connectionFailure(error, address).message).toMatch(remedy);
});

it('does not blame the vhost for a frame size that the broker refuses', () => {
  const refused = new Error(
    'Connection closed: 530 (NOT-ALLOWED) with message "NOT_ALLOWED - negotiated frame_max = 4096 is lower than the minimum allowed value (8192)"',
  );
  expect(connectionFailure(refused, ADDRESS)).toMatchObject({ reason: 'protocol' });
});

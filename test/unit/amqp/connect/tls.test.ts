import { inspect } from 'node:util';
import { parseAddress } from '../../../../src/amqp/connect/address';
import { tlsSource } from '../../../../src/amqp/connect/tls';

const PEM = '-----BEGIN PRIVATE KEY-----\nc4n4ry\n-----END PRIVATE KEY-----';
const secured = parseAddress('amqps://broker');

it('verifies certificates with TLS 1.2 at least, whatever Node was told', async () => {
  expect(await tlsSource()(secured)).toEqual({ minVersion: 'TLSv1.2', rejectUnauthorized: true });
  expect(await tlsSource({ minVersion: 'TLSv1.3', rejectUnauthorized: false })(secured)).toEqual({
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  });
});

it('takes PEM text and bytes as they are, and reads everything else as a file', async () => {
  const bytes = Buffer.from('der');
  const source = tlsSource({ ca: [PEM, __filename], cert: PEM, key: PEM, pfx: bytes, servername: 'rabbit' });
  expect(await source(secured)).toMatchObject({
    ca: [PEM, expect.any(Buffer)],
    cert: PEM,
    key: PEM,
    pfx: bytes,
    servername: 'rabbit',
  });
});

it('says which file cannot be read', async () => {
  await expect(tlsSource({ ca: '/nowhere/ca.pem' })(secured)).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    reason: 'tls',
    message: 'Cannot connect to amqps://broker:5671 (tls): tls.ca: the file "/nowhere/ca.pem" cannot be read (ENOENT).',
  });
});

it('is nothing where the address has no TLS, and shows no key', async () => {
  const source = tlsSource({ cert: PEM, key: PEM, passphrase: 'c4n4ry' });
  expect(await source(parseAddress('amqp://broker'))).toEqual({});
  expect(inspect(source, { showHidden: true })).not.toContain('c4n4ry');
});

import { failureOf } from '../../../src/cli/management';

const failed = (code: string): Error => Object.assign(new Error('it failed'), { code });

it.each([
  [
    failed('SELF_SIGNED_CERT_IN_CHAIN'),
    /an authority that is not known here \(SELF_SIGNED_CERT_IN_CHAIN\): name it in "tls\.ca" of the configuration, or .*NODE_EXTRA_CA_CERTS=/,
  ],
  [failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /NODE_EXTRA_CA_CERTS=/],
  [failed('DEPTH_ZERO_SELF_SIGNED_CERT'), /NODE_EXTRA_CA_CERTS=/],
  [failed('CERT_HAS_EXPIRED'), /over TLS \(CERT_HAS_EXPIRED\): Renew the broker's certificate/],
  [failed('ERR_TLS_CERT_ALTNAME_INVALID'), /over TLS .* Connect by a name that the certificate is for/],
  [failed('ERR_SSL_WRONG_VERSION_NUMBER'), /The port speaks no TLS/],
  [failed('ECONNREFUSED'), /cannot be reached \(ECONNREFUSED\): is it enabled, and is it the right port/],
  [failed('ENOTFOUND'), /host's name is not known here/],
  [new DOMException('The operation was aborted due to timeout', 'TimeoutError'), /does not answer within 3000 ms/],
  [new SyntaxError('Unexpected token <'), /answers something else than JSON/],
])('says what keeps the management plugin from answering: %s', (error, told) => {
  expect(failureOf(error)).toMatch(told);
  expect(failureOf(error)).not.toContain('refuses the user');
});

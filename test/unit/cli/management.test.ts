import { failureOf } from '../../../src/cli/management';

/** As `fetch` fails: the cause has the code. */
const fetchFailed = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('the cause'), { code }) });

it.each([
  [
    fetchFailed('SELF_SIGNED_CERT_IN_CHAIN'),
    /an authority that is not known here \(SELF_SIGNED_CERT_IN_CHAIN\): start the command with NODE_EXTRA_CA_CERTS=/,
  ],
  [fetchFailed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /NODE_EXTRA_CA_CERTS=/],
  [fetchFailed('DEPTH_ZERO_SELF_SIGNED_CERT'), /NODE_EXTRA_CA_CERTS=/],
  [fetchFailed('CERT_HAS_EXPIRED'), /over TLS \(CERT_HAS_EXPIRED\): Renew the broker's certificate/],
  [fetchFailed('ERR_TLS_CERT_ALTNAME_INVALID'), /over TLS .* Connect by a name that the certificate is for/],
  [fetchFailed('ERR_SSL_WRONG_VERSION_NUMBER'), /The port speaks no TLS/],
  [fetchFailed('ECONNREFUSED'), /cannot be reached \(ECONNREFUSED\): is it enabled, and is it the right port/],
  [fetchFailed('ENOTFOUND'), /host's name is not known here/],
  [new DOMException('The operation was aborted due to timeout', 'TimeoutError'), /does not answer within 3000 ms/],
  [new SyntaxError('Unexpected token <'), /answers something else than JSON/],
])('says what keeps the management plugin from answering: %s', (error, told) => {
  expect(failureOf(error)).toMatch(told);
  expect(failureOf(error)).not.toContain('refuses the user');
});

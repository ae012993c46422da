/** Codes of Node and OpenSSL that are about TLS. */
const TLS_CODES = /^(?:CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** What to do, by code: the first that fits. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED)/, 'If it is the right broker, name its authority in tls.ca.'],
  [/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)/, "Renew the broker's certificate, or set this machine's clock."],
  [
    /ALTNAME|HOSTNAME_MISMATCH/,
    'Connect by a name that the certificate is for, or say that name in tls.servername; a new certificate may list this one.',
  ],
  [
    /WRONG_VERSION|EPROTO|PACKET_LENGTH|HTTP_REQUEST/,
    'The port speaks no TLS: use the one of a TLS listener, usually 5671.',
  ],
  [
    /ALERT_(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_)/,
    'The broker refuses the client certificate, or misses one: check tls.cert and tls.key, and cacertfile of the broker.',
  ],
  [
    /^ERR_OSSL_/,
    'Check tls.cert, tls.key, tls.pfx and tls.passphrase: they cannot be read, or do not belong together.',
  ],
];

export const isTlsCode = (code: string): boolean => TLS_CODES.test(code);

export const tlsRemedy = (code: string): string =>
  REMEDIES.find(([pattern]) => pattern.test(code))?.[1] ??
  'Check the certificate chain ("ca"), the host name and the port.';

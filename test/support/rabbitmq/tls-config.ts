import type { BrokerTls } from './broker';

/** The files of a TLS listener, by their names in the broker's folder. */
export const tlsFiles = ({ ca, certificate }: BrokerTls): Readonly<Record<string, string>> => ({
  'tls-ca.pem': ca,
  'tls-cert.pem': certificate.cert,
  'tls-key.pem': certificate.key,
});

/** Lines of `rabbitmq.conf`. `listener` is an address and a port, or a port alone; `folder` is where the broker sees its files. */
export const tlsLines = ({ clientCertificates }: BrokerTls, listener: string, folder: string): readonly string[] => [
  `listeners.ssl.1 = ${listener}`,
  `ssl_options.cacertfile = ${folder}/tls-ca.pem`,
  `ssl_options.certfile = ${folder}/tls-cert.pem`,
  `ssl_options.keyfile = ${folder}/tls-key.pem`,
  `ssl_options.verify = ${clientCertificates === 'required' ? 'verify_peer' : 'verify_none'}`,
  `ssl_options.fail_if_no_peer_cert = ${clientCertificates === 'required'}`,
];

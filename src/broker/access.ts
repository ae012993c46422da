/** Who logs in to a broker. */
export interface BrokerCredentials {
  readonly username: string;
  /** The password, or a token where the broker takes OAuth 2. */
  readonly password: string;
  /**
   * When the broker stops accepting them. Live connections are told the next ones after 70 to 80 % of the time that is
   * left. @defaultValue never
   */
  readonly expiresAt?: Date;
}

/**
 * Gives the credentials for one attempt to connect, or for one renewal; or `'external'`: the broker knows the user by
 * the client's certificate.
 */
export type CredentialsOption = 'external' | (() => BrokerCredentials | Promise<BrokerCredentials>);

/** PEM text, the bytes of a file, or a file's path: what does not hold `-----BEGIN` is a path. */
export type PemSource = string | Buffer;

/** How an `amqps:` connection is secured. Files are read for every connection: a certificate that was renewed counts at the next. */
export interface TlsOptions {
  /** The authorities that the broker's certificate may come from. @defaultValue those that Node knows */
  readonly ca?: PemSource | readonly PemSource[];
  /** The client's certificate, with its intermediates; needs `key`. @defaultValue none */
  readonly cert?: PemSource;
  readonly key?: PemSource;
  /** Certificate and key in one PKCS #12 container: its bytes, or a file's path. @defaultValue none */
  readonly pfx?: string | Buffer;
  /** Decrypts `key` or `pfx`. */
  readonly passphrase?: string;
  /** The name that the broker's certificate must be for. @defaultValue the host of the URL */
  readonly servername?: string;
  /** @defaultValue `'TLSv1.2'` */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's list of cipher suites. @defaultValue Node's */
  readonly ciphers?: string;
  /** `false` takes any certificate, so that anybody in between can read everything; it is logged. @defaultValue `true` */
  readonly rejectUnauthorized?: boolean;
}

export const isPem = (text: string): boolean => text.includes('-----BEGIN');

import { resolve } from 'node:path';
import { parseAddresses } from '../amqp/connect/addresses';
import { type CredentialsOption, isPem, type PemSource, type TlsOptions } from '../broker/access';
import { listUrls } from '../broker/url-list';
import { ConfigurationError } from '../errors/configuration-error';
import type { OptionReader } from '../options/option-reader';

/** How to get to the broker, read and checked. */
export interface ResolvedConnectionOptions {
  /** One `memory:` URL, or those of the hosts. */
  readonly url: readonly string[];
  readonly credentials: CredentialsOption | undefined;
  /** Paths are absolute. */
  readonly tls: TlsOptions | undefined;
}

export const TLS_KEYS = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'servername',
  'minVersion',
  'ciphers',
  'rejectUnauthorized',
] as const satisfies readonly (keyof TlsOptions)[];

/** Reads `url`, `credentials` and `tls`. No message shows a value of theirs: they hold passwords and keys. */
export function readConnection(reader: OptionReader, fallbackUrl: string, cwd: string): ResolvedConnectionOptions {
  const url = readUrls(reader, fallbackUrl);
  const credentials = readCredentials(reader);
  const tls = readTls(reader, cwd);
  for (const problem of contradictions({ url, credentials, tls })) reader.note(problem);
  return { url, credentials, tls };
}

function readUrls(reader: OptionReader, fallback: string): readonly string[] {
  const value = reader.value('url') ?? fallback;
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!given.every((url) => typeof url === 'string' && url !== '')) {
    reader.note('url must be a non-empty string, or an array of such');
    return [];
  }
  if (given.length === 0) reader.note('url is an empty list: name at least one broker');
  return Object.freeze(listUrls(given as readonly string[]));
}

function readCredentials(reader: OptionReader): CredentialsOption | undefined {
  const value = reader.value('credentials');
  if (value === undefined || value === 'external' || typeof value === 'function') {
    return value as CredentialsOption | undefined;
  }
  reader.note("credentials must be a function that gives { username, password }, or 'external'");
  return undefined;
}

function readTls(reader: OptionReader, cwd: string): TlsOptions | undefined {
  const given = reader.value('tls');
  if (given === undefined) return undefined;
  // Not as `nested` would say it: with the text, which may be a key.
  const options = typeof given === 'string' ? undefined : reader.nested('tls', given);
  if (typeof given === 'string') reader.note('tls must be an object, got a string');
  if (options === undefined) return undefined;
  options.refuseUnknown(TLS_KEYS);
  const source = (value: unknown): unknown =>
    typeof value === 'string' && !isPem(value) ? resolve(cwd, value) : value;
  const file = (key: string): unknown => {
    const value = options.value(key);
    if (value === undefined || isSource(value)) return source(value);
    return void options.note(`${options.path(key)} must be PEM text, a Buffer or a path`);
  };
  const text = (key: string): unknown => {
    const value = options.value(key);
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    return void options.note(`${options.path(key)} must be a non-empty string`);
  };
  const all = {
    ca: readAuthorities(options)?.map(source),
    cert: file('cert'),
    key: file('key'),
    pfx: file('pfx'),
    passphrase: text('passphrase'),
    servername: text('servername'),
    minVersion: options.oneOf('minVersion', ['TLSv1.2', 'TLSv1.3']),
    ciphers: text('ciphers'),
    rejectUnauthorized: options.flag('rejectUnauthorized'),
  };
  if ((all.cert === undefined) !== (all.key === undefined)) {
    options.note('tls.cert and tls.key need each other');
  }
  return Object.freeze(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
}

function readAuthorities(options: OptionReader): readonly PemSource[] | undefined {
  const value = options.value('ca');
  const list: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  if (!list.every(isSource))
    return void options.note('tls.ca must be PEM text, a Buffer or a path, or an array of such');
  return value === undefined ? undefined : (list as readonly PemSource[]);
}

const isSource = (value: unknown): value is PemSource =>
  (typeof value === 'string' && value !== '') || Buffer.isBuffer(value);

function contradictions({ url, credentials, tls }: ResolvedConnectionOptions): readonly string[] {
  if (url.length === 1 && url[0]?.startsWith('memory:') === true) return [];
  try {
    const addresses = url.length === 0 ? [] : parseAddresses(url);
    const isSecure = addresses[0]?.tls !== false;
    const isNamed = addresses.some(({ hasCredentials }) => hasCredentials);
    return [
      ...(tls !== undefined && !isSecure ? ['tls is given, and url is amqp://: say amqps:// to use it'] : []),
      ...(credentials !== undefined && isNamed ? ['credentials and a user in url exclude each other'] : []),
      ...(credentials === 'external' && (!isSecure || (tls?.cert ?? tls?.pfx) === undefined)
        ? ["credentials: 'external' needs amqps:// and a client certificate: tls.cert and tls.key, or tls.pfx"]
        : []),
    ];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

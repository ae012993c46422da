import { ConfigurationError } from '../../errors/configuration-error';
import { isTextOfNothing, mistakeAround, mistakenScheme } from './url-mistakes';

/** Where the broker is and who we are, taken apart. For people, show its `label`. */
export interface BrokerAddress {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
  /** A function, so that nothing that prints an address shows it: `util.inspect` finds hidden properties, too. */
  readonly password: () => string;
  /** Whether the URL named a user; without one, it is guest. */
  readonly hasCredentials: boolean;
  /** Seconds; `undefined`: the option's or the default. */
  readonly heartbeatSeconds: number | undefined;
  /** `amqp://host:port/vhost`: safe to show. */
  readonly label: string;
}

const DEFAULT_PORT = 5672;
const DEFAULT_TLS_PORT = 5671;

const ENCODE_REMEDY =
  'Percent-encode user name and password with encodeURIComponent(): "/" is %2F, "#" is %23, "@" is %40, "%" is %25.';

/**
 * Parses an AMQP URL (https://www.rabbitmq.com/docs/uri-spec). No message holds any part of the URL that could be
 * a secret: `new URL()` takes a `/` in a password for the end of the host, and its errors print the whole input.
 *
 * @throws ConfigurationError
 */
export function parseAddress(url: string): BrokerAddress {
  const mistake = mistakeAround(url);
  if (mistake !== undefined) throw invalid(mistake);
  const [, written, rest] = /^(amqps?):\/\/(.*)$/is.exec(url) ?? [];
  if (written === undefined || rest === undefined) throw invalid(mistakenScheme(url));
  const scheme = written.toLowerCase();
  const at = credentialsEnd(rest);
  const credentials = at === -1 ? undefined : rest.slice(0, at);
  const tls = scheme === 'amqps';
  const server = parseServer(rest.slice(at + 1), tls);
  const [username, password] = parseCredentials(credentials);
  const empty = [server.host, server.vhost, username, password].find(isTextOfNothing);
  if (empty !== undefined) {
    throw invalid(
      'one of its parts is the text of a value that was not set ("undefined", "null"): check the variables that it is made of',
    );
  }
  const hasCredentials = credentials !== undefined;
  const label = labelOf(scheme, server);
  return Object.freeze({ tls, ...server, username, password: () => password, hasCredentials, label });
}

const invalid = (why: string): ConfigurationError =>
  new ConfigurationError([`the broker URL cannot be used: ${why}. Expected amqp://user:password@host:5672/vhost.`]);

/** Where the credentials end. A reserved character in front of it, or a second `@`, can only be an unencoded password. */
function credentialsEnd(rest: string): number {
  const at = rest.indexOf('@');
  if (at !== rest.lastIndexOf('@')) throw invalid(`it holds more than one "@". ${ENCODE_REMEDY}`);
  if (at !== -1 && /[/?#]/.test(rest.slice(0, at))) {
    throw invalid(`there is a "/", "?" or "#" before the "@". ${ENCODE_REMEDY}`);
  }
  return at;
}

function parseCredentials(text: string | undefined): readonly [string, string] {
  if (text === undefined) return ['guest', 'guest'];
  const colon = text.indexOf(':');
  const username = colon === -1 ? text : text.slice(0, colon);
  const password = colon === -1 ? '' : text.slice(colon + 1);
  return [decode(username, 'user name'), decode(password, 'password')];
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`its ${what} is not valid percent-encoding. ${what === 'vhost' ? '' : ENCODE_REMEDY}`.trim());
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be found.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Shows nothing of it: it may be a password whose "@" is missing. */
function whyUnreadable(text: string): string {
  if (/\s/.test(text)) return ': they hold white space';
  if (/^[^[\]/?#]*:[^[\]/?#]*:/.test(text))
    return ': an IPv6 address needs brackets, [::1], and a user and password end in "@"';
  if (text.includes('#')) return ': "#" must be written as %23';
  return '';
}

type Server = Pick<BrokerAddress, 'host' | 'port' | 'vhost' | 'heartbeatSeconds'>;

function parseServer(text: string, tls: boolean): Server {
  const [, host, port, path = '', query = ''] =
    /^(\[[0-9a-fA-F:.%]+\]|[^:/?#[\]\s]*)(?::(\d{1,5}))?(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(text) ?? [];
  if (host === undefined) throw invalid(`its host and port cannot be read${whyUnreadable(text)}`);
  const number = port === undefined ? (tls ? DEFAULT_TLS_PORT : DEFAULT_PORT) : Number(port);
  if (number < 1 || number > 65_535) throw invalid('its port is not in 1 to 65535');
  const vhost = decode(path, 'vhost');
  if (path.includes('/')) throw invalid('its vhost holds a "/": write it as %2F');
  if (CONTROL.test(vhost)) throw invalid('its vhost holds a line break or another control character: remove it');
  return {
    host: host === '' ? 'localhost' : host.replace(/^\[|\]$/g, ''),
    port: number,
    vhost: vhost === '' ? '/' : vhost,
    heartbeatSeconds: parseHeartbeat(new URLSearchParams(query).get('heartbeat')),
  };
}

function parseHeartbeat(text: string | null): number | undefined {
  if (text === null) return undefined;
  // An empty value would be the number 0, which turns heartbeats off.
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= 3600)) throw invalid('its heartbeat is not in 0 to 3600 seconds');
  return seconds;
}

function labelOf(scheme: string, { host, port, vhost }: Server): string {
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${shownHost}:${port}${vhost === '/' ? '' : `/${encodeURIComponent(vhost)}`}`;
}

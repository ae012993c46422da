import type { ConnectionOptions } from 'node:tls';
import { DEFAULT_APP_OPTIONS, type TaskAppOptions } from '../app/app-options';
import { brokerTls } from '../app/broker-tls';
import type { TaskApp } from '../app/task-app';
import { listUrls } from '../broker/url-list';
import { describeThrown } from '../errors/describe-thrown';
import { isTlsCode, tlsRemedy } from '../errors/tls-failure';
import { besideKnownAuthorities, getJson } from './get-json';
import type { CommonOptions } from './options';
import type { Session } from './session';
import { UsageError } from './usage-error';

const TIMEOUT_MS = 3_000;
/** AMQP's usual ports, and where the management plugin usually is beside them. */
const USUAL_PORTS: Readonly<Record<string, string>> = { 'amqp:5672': 'http:15672', 'amqps:5671': 'https:15671' };

/** Asks the management plugin; its answers are JSON of whatever shape. */
export interface ManagementApi {
  /** @returns `undefined` where it does not answer, or the user may not ask. */
  get(path: string): Promise<unknown>;
  /** The virtual host, as paths name it. */
  readonly vhost: string;
}

/**
 * The management plugin of this broker, where it answers: what is named, else the usual port beside AMQP's usual one.
 * What answers there counts only if it is of the same cluster: another broker's numbers would be worse than none.
 *
 * @throws UsageError when one is named that does not answer, or is another broker's.
 */
export async function openManagement(
  options: CommonOptions,
  app: TaskApp,
  session: Session,
): Promise<ManagementApi | undefined> {
  const { config } = await session.config(options);
  const named = options.management ?? config.management ?? session.environment['WARREN_MANAGEMENT_URL'];
  if (named === false || !app.broker.capabilities.isServer) return undefined;
  const appOptions = await session.appOptions(options);
  const given = appOptions.url ?? (session.environment['AMQP_URL'] || DEFAULT_APP_OPTIONS.url);
  const brokerUrl = connectedUrl(listUrls(given), app.address);
  const isNamed = typeof named === 'string' && named !== '';
  const url = isNamed ? parseUrl(named) : usualUrl(brokerUrl);
  if (url === undefined) return undefined;
  const api = createApi(url, vhostOf(brokerUrl), await tlsFor(url, brokerUrl, appOptions, session));
  const overview = await api.get('/overview');
  const failure = isNamed ? api.lastFailure() : undefined;
  if (failure !== undefined) throw new UsageError(`the management plugin at ${url.origin} ${failure}`);
  const cluster = text(field(overview, 'cluster_name'));
  if (cluster !== undefined && cluster === app.server.cluster) return api;
  if (!isNamed) return undefined;
  throw new UsageError(
    cluster === undefined
      ? `what answers at ${url.origin} is not the management plugin: it names no cluster`
      : `the management plugin at ${url.origin} is of the cluster "${cluster}", the broker of "${app.server.cluster ?? '?'}"`,
  );
}

/** The management plugin usually has a certificate of the broker's own authority, and its name where the host is the same. */
async function tlsFor(
  url: URL,
  brokerUrl: string,
  appOptions: TaskAppOptions,
  { environment }: Session,
): Promise<ConnectionOptions> {
  if (url.protocol !== 'https:') return {};
  const { servername, ...others } = besideKnownAuthorities(await brokerTls(appOptions, url.origin), environment);
  const isSameHost = URL.canParse(brokerUrl) && new URL(brokerUrl).hostname === url.hostname;
  return servername === undefined || !isSameHost ? others : { ...others, servername };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError('--management must be a URL such as http://user:password@host:15672');
}

/** Of several hosts, the one that is connected to: its user and password are those that work. */
function connectedUrl(urls: readonly string[], address: string): string {
  const connected = hostOf(address);
  return urls.find((url) => hostOf(url) === connected) ?? urls[0] ?? '';
}

function hostOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return `${url.hostname}:${portOf(url)}`;
}

const portOf = ({ port, protocol }: URL): string => (port === '' ? (protocol === 'amqps:' ? '5671' : '5672') : port);

/** Credentials travel over plain HTTP only where they travel over plain AMQP. */
function usualUrl(brokerUrl: string): URL | undefined {
  if (!URL.canParse(brokerUrl)) return undefined;
  const broker = new URL(brokerUrl);
  const [scheme, managementPort] = USUAL_PORTS[`${broker.protocol}${portOf(broker)}`]?.split(':') ?? [];
  if (scheme === undefined) return undefined;
  const url = new URL(`${scheme}://${broker.hostname}:${managementPort}`);
  url.username = broker.username === '' ? 'guest' : broker.username;
  url.password = broker.username === '' ? 'guest' : broker.password;
  return url;
}

function vhostOf(brokerUrl: string): string {
  const path = URL.canParse(brokerUrl) ? new URL(brokerUrl).pathname.replace(/^\//, '') : '';
  return path === '' ? '%2F' : encodeURIComponent(decodeURIComponent(path));
}

function createApi(
  url: URL,
  vhost: string,
  tls: ConnectionOptions,
): ManagementApi & { lastFailure(): string | undefined } {
  let failure: string | undefined;
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers = { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  const base = `${url.origin}${url.pathname.replace(/\/$/, '')}/api`;
  return {
    vhost,
    lastFailure: () => failure,
    get: async (path) => {
      try {
        const { status, body } = await getJson(`${base}${path}`, { headers, timeoutMs: TIMEOUT_MS, tls });
        failure = body === undefined ? refusalOf(status) : undefined;
        return body;
      } catch (error) {
        // Not there, too slow, or no JSON: it is never required.
        failure = failureOf(error);
        return undefined;
      }
    },
  };
}

/** What an HTTP status says, and what to do. */
function refusalOf(status: number): string {
  if (status === 401) return 'refuses the user (401): check the user and the password in its URL';
  if (status === 403) return 'refuses the user (403): give the user a tag, "monitoring" for example';
  if (status === 404) return 'answers 404: check the path in its URL, and whether it is the management plugin';
  return `answers ${status}`;
}

/** What kept it from answering. */
export function failureOf(error: unknown): string {
  const { name, code: outer, message } = describeThrown(error, 200);
  const cause = describeThrown(error instanceof Error ? error.cause : undefined, 200);
  const code = cause.code ?? outer ?? '';
  if (name === 'TimeoutError') return `does not answer within ${TIMEOUT_MS} ms`;
  if (/^(?:SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CERT_UNTRUSTED)/.test(code)) {
    return `has a certificate of an authority that is not known here (${code}): name it in "tls.ca" of the configuration, or start the command with NODE_EXTRA_CA_CERTS=/path/of/ca.pem`;
  }
  if (isTlsCode(code)) return `cannot be reached over TLS (${code}): ${tlsRemedy(code)}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `cannot be reached: its host's name is not known here (${code})`;
  if (code !== '') return `cannot be reached (${code}): is it enabled, and is it the right port?`;
  return name === 'SyntaxError' ? 'answers something else than JSON' : `cannot be asked (${cause.message || message})`;
}

/** A field of something that came as JSON. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined,
    value,
  );
}

export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Why a classic queue that seems empty must not be deleted, or `undefined` where it may be. AMQP tells neither which
 * messages of a classic queue are out, nor refuses to delete it over them; a quorum queue counts who holds them as its
 * consumers.
 */
export async function classicQueueInUse(
  queue: string,
  management: ManagementApi | undefined,
): Promise<string | undefined> {
  if (management === undefined) {
    return 'whether messages of a classic queue are out is known only to the management plugin, which does not answer (--management; or --unchecked of "topology migrate", once who held them has stopped)';
  }
  const queues = list(await management.get(`/queues/${management.vhost}?disable_stats=true&enable_queue_totals=true`));
  const found = queues.find((each) => text(field(each, 'name')) === queue);
  const out = field(found, 'messages_unacknowledged');
  if (typeof out !== 'number') return 'the management plugin does not say how many of its messages are out';
  return out === 0 ? undefined : `${out} of its messages are out, and not settled`;
}

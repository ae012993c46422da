import {
  AccessRefusedError,
  AckTimeoutError,
  ConnectionFailedError,
  type ConnectionFailure,
} from '../../errors/broker-errors';
import { describeThrown } from '../../errors/describe-thrown';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { isTlsCode, tlsRemedy } from '../../errors/tls-failure';
import { otherUser } from './url-mistakes';

/** Why the broker closed a channel. */
export interface ChannelFailure {
  /** AMQP's reply code: 404, 406, …; 0 where the channel went with its connection. */
  readonly code: number;
  readonly text: string;
}

/** The numeric code and text of an error that amqplib raises for a closed channel. */
export function channelFailure(error: unknown): ChannelFailure {
  const { message } = describeThrown(error);
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  // amqplib: Channel closed by server: 404 (NOT-FOUND) with message "NOT_FOUND - no exchange 'x' in vhost '/'"
  return { code: typeof code === 'number' ? code : 0, text: brokerTextIn(message) ?? message };
}

/** The exchange that a 403 or 404 is about. The broker's name for the default one, which is `''`, is `amq.default`. */
export function exchangeNamedIn(text: string): string | undefined {
  const name = /exchange '([^']*)'/.exec(text)?.[1];
  return name === 'amq.default' ? '' : name;
}

/** The error for an operation that made the broker close its channel: typed where it is about a permission. */
export function channelError(error: unknown, operation: string): unknown {
  const { code, text } = channelFailure(error);
  return code === 403 ? new AccessRefusedError(operation, text) : error;
}

/** The error for a consuming channel that the broker closed: typed where it is about an acknowledgement that did not come. */
export function consumerLoss(error: Error, queue: string): Error {
  const { code, text } = channelFailure(error);
  const late = code === 406 && /delivery acknowledgement on channel \d+ timed out/.test(text);
  return late ? new AckTimeoutError(queue, text) : error;
}

/** Why a connection that was up is lost, from what amqplib says at its end. */
export function connectionLoss(error: unknown): ConnectionClosedError {
  if (error === undefined) return new ConnectionClosedError('it was closed');
  const { message } = describeThrown(error);
  return new ConnectionClosedError(`it was lost (${brokerTextIn(message) ?? message})`);
}

const brokerTextIn = (message: string): string | undefined => /with message "(.*)"/s.exec(message)?.[1];

const UNREACHABLE_CODES = /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EPIPE)$/;

const REMEDIES: Readonly<Record<Exclude<ConnectionFailure, 'tls'>, string>> = {
  unreachable: 'Is the broker running there, and the port open?',
  credentials: 'Check user name and password; the user "guest" may only connect over loopback.',
  'no-credentials': 'Look at the credentials function.',
  vhost: 'Create it, give the user permission on it, or raise its limit of connections.',
  protocol: 'Is it an AMQP 0-9-1 port? TLS needs amqps:// and its own port.',
  timeout: 'The peer took the connection but did not answer in time.',
};

/** Tells what kept a connection from being made, from what amqplib, Node and the broker say. */
export function connectionFailure(error: unknown, address: string): ConnectionFailedError {
  const { message, code = '' } = describeThrown(error);
  const reason = failureReason(message, code);
  const detail = failureDetail(message, code);
  return new ConnectionFailedError(
    address,
    reason,
    `${detail.replace(/\.$/, '')}. ${remedyFor(reason, message, code, address)}`,
  );
}

function remedyFor(reason: ConnectionFailure, message: string, code: string, address: string): string {
  if (reason === 'tls') return tlsRemedy(code);
  const port = /:(\d+)(?:\/|$)/.exec(address)?.[1] ?? '';
  const other = otherUser(port);
  if (other !== undefined && reason !== 'credentials' && reason !== 'vhost') {
    return `Port ${port} is usually that of ${other}: AMQP is usually at 5672, and at 5671 with TLS.`;
  }
  if (/^(?:ENOTFOUND|EAI_AGAIN)$/.test(code)) return NAME_REMEDY;
  if (code === 'ECONNREFUSED' && LOOPBACK.test(address)) return `${REMEDIES[reason]} ${LOOPBACK_REMEDY}`;
  if (NO_MECHANISM.test(message)) return 'Let the broker offer it (auth_mechanisms), or log in another way.';
  // So ends also what speaks AMQP to a port that waits for TLS.
  const isCut = CLOSED_ABRUPTLY.test(message) || code === 'ECONNRESET';
  if (isCut && !address.startsWith('amqps:')) return `${REMEDIES[reason]} A TLS port needs amqps://.`;
  return REMEDIES[reason];
}

const NAME_REMEDY =
  "The host's name cannot be resolved: check how it is written, and what resolves names here (DNS, /etc/hosts, the container's network).";
const LOOPBACK = /^amqps?:\/\/(?:localhost|127\.|\[::1\])/;
const LOOPBACK_REMEDY = 'In a container, this address is the container itself: name the service or the host.';

const NO_MECHANISM = /^SASL mechanism \S+ is not provided/;
const CLOSED_ABRUPTLY = /closed abruptly/;

/** What no waiting heals comes first: it would be hidden by a host that is merely down. */
const TELLING: readonly ConnectionFailure[] = [
  'credentials',
  'vhost',
  'tls',
  'protocol',
  'no-credentials',
  'timeout',
  'unreachable',
];

/** The error of a connection that none of its hosts took: the most telling reason, and what each of them said. */
export function allFailed(failures: readonly ConnectionFailedError[]): ConnectionFailedError {
  const [first] = [...failures].sort((a, b) => TELLING.indexOf(a.reason) - TELLING.indexOf(b.reason));
  if (first === undefined || failures.length === 1) return first ?? connectionFailure(undefined, '(no host)');
  const each = failures.map(({ address, reason, detail }) => `${address} (${reason}): ${detail}`);
  return new ConnectionFailedError(
    failures.map(({ address }) => address).join(', '),
    first.reason,
    `none of ${failures.length} hosts could be used. ${each.join(' ')}`,
  );
}

/** amqplib drops the broker's reason when the vhost is refused: missing, not permitted, or at its limit of connections. */
const VHOST_REFUSED = 'Expected ConnectionOpenOk; got <ConnectionClose';

function failureDetail(message: string, code: string): string {
  if (message.startsWith(VHOST_REFUSED)) return 'the broker refused the vhost';
  const said = brokerTextIn(message);
  if (said !== undefined) return said;
  // Node's message is empty where a name has several addresses and none of them answers.
  if (message === '') return code;
  return code === '' || message.includes(code) ? message : `${code}: ${message}`;
}

function failureReason(message: string, code: string): ConnectionFailure {
  if (/ACCESS[-_]REFUSED/.test(message)) return /vhost/.test(message) ? 'vhost' : 'credentials';
  // Of what was negotiated: frame_max, channel_max, heartbeat.
  if (/NOT[-_]ALLOWED.*negotiated/s.test(message)) return 'protocol';
  if (/NOT[-_]ALLOWED/.test(message) || message.startsWith(VHOST_REFUSED)) return 'vhost';
  if (/ETIMEDOUT/.test(message) || code === 'ETIMEDOUT') return 'timeout';
  if (NO_MECHANISM.test(message)) return 'credentials';
  if (isTlsCode(code)) return 'tls';
  if (UNREACHABLE_CODES.test(code) || CLOSED_ABRUPTLY.test(message)) return 'unreachable';
  return 'protocol';
}

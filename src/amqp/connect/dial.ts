import type { ConnectionOptions } from 'node:tls';
import { type ChannelModel, connect, type SocketOptions } from 'amqplib';
import { ConnectionFailedError } from '../../errors/broker-errors';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import type { BrokerAddress } from './address';
import { endConnection, hasEnded } from './end-connection';
import { connectionFailure } from './error-mapping';
import { type Login, type LoginSource, responseOf } from './login';
import type { TlsSource } from './tls';

export interface DialOptions {
  readonly address: BrokerAddress;
  /** Shown in the broker's management page. */
  readonly name: string;
  /** Where the address itself does not say. */
  readonly heartbeatSeconds: number;
  /** How long the peer may say nothing, in milliseconds; the whole handshake may take twice as long. */
  readonly connectTimeoutMs: number;
  readonly login: LoginSource;
  readonly tls: TlsSource;
}

/** A connection, and what it logged in with. */
export interface Dialled {
  readonly model: ChannelModel;
  readonly login: Login;
}

/** Twice the socket's default: what one turn of publishing writes leaves in one system call. */
const SOCKET_BUFFER_BYTES = 64 * 1024;

/**
 * Makes one connection, or fails in bounded time. Either way nothing of a failed attempt is left: no socket, no timer.
 *
 * @param giveUp - ends the attempt at once when it is aborted.
 * @throws ConnectionFailedError, or what the attempt was aborted with where that is a ConnectionClosedError.
 */
export async function dial(options: DialOptions, giveUp: AbortController): Promise<Dialled> {
  const { address } = options;
  const login = await askForLogin(options, giveUp.signal);
  const tls = await unlessAborted(options.tls(address), giveUp.signal);
  // amqplib's own timeout counts silence; a peer that trickles bytes needs a bound on the whole.
  const timer = setTimeout(() => giveUp.abort(new Error('connect ETIMEDOUT')), 2 * options.connectTimeoutMs);
  try {
    const model = await unlessAborted(open(options, login, tls, giveUp.signal), giveUp.signal, endConnection);
    if (!hasEnded(model)) return { model, login };
    endConnection(model);
    throw new Error('Socket closed abruptly after the opening handshake');
  } catch (error) {
    throw isTold(error) ? error : connectionFailure(error, address.label);
  } finally {
    clearTimeout(timer);
  }
}

/** Bounded by itself: how long a secret store takes says nothing about the broker. */
async function askForLogin({ login, address, connectTimeoutMs }: DialOptions, signal: AbortSignal): Promise<Login> {
  // There is no socket yet: where nothing else keeps the process alive, it would end instead of saying what is wrong.
  const awake = setTimeout(() => undefined, connectTimeoutMs + 1_000);
  try {
    return await unlessAborted(login(address), signal);
  } finally {
    clearTimeout(awake);
  }
}

const isTold = (error: unknown): boolean =>
  error instanceof ConnectionClosedError || error instanceof ConnectionFailedError;

/** Rejects as soon as the signal is aborted; what comes all the same is discarded. */
function unlessAborted<T>(coming: Promise<T>, signal: AbortSignal, discard?: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(signal.reason);
    // Where the abort came between two steps, its event has passed.
    if (signal.aborted) abandon();
    else signal.addEventListener('abort', abandon, { once: true });
    coming
      .then((value) => (signal.aborted ? discard?.(value) : resolve(value)), reject)
      .finally(() => signal.removeEventListener('abort', abandon));
  });
}

function open(
  { address, name, heartbeatSeconds, connectTimeoutMs }: DialOptions,
  login: Login,
  tls: ConnectionOptions,
  signal: AbortSignal,
) {
  const socketOptions: SocketOptions & { readonly highWaterMark: number; readonly signal: AbortSignal } = {
    ...tls,
    noDelay: true,
    keepAlive: true,
    timeout: connectTimeoutMs,
    highWaterMark: SOCKET_BUFFER_BYTES,
    // Node destroys the socket when it is aborted.
    signal,
    // amqplib's own object shows the password: a TLS socket keeps its options, which `util.inspect` prints.
    credentials: { mechanism: login.mechanism, response: () => responseOf(login) },
    clientProperties: { connection_name: name },
  };
  return connect(
    {
      protocol: address.tls ? 'amqps' : 'amqp',
      hostname: address.host,
      port: address.port,
      // amqplib decodes it once more.
      vhost: encodeURIComponent(address.vhost),
      heartbeat: address.heartbeatSeconds ?? heartbeatSeconds,
    },
    socketOptions,
  );
}

import type { ConnectionOptions } from 'node:tls';
import { type ChannelModel, connect, type SocketOptions } from 'amqplib';
import { ConnectionClosedError } from '../errors/enqueue-errors';
import type { BrokerAddress } from './address';
import { connectionFailure } from './error-mapping';
import { endConnection, hasEnded } from './internals';

export interface DialOptions {
  readonly address: BrokerAddress;
  /** Shown in the broker's management page. */
  readonly name: string;
  /** Where the address itself does not say. */
  readonly heartbeatSeconds: number;
  /** How long the peer may say nothing, in milliseconds; the whole handshake may take twice as long. */
  readonly connectTimeoutMs: number;
  /** Options of `tls.connect` for amqps. */
  readonly tls: ConnectionOptions | undefined;
}

/** Twice the socket's default: what one turn of publishing writes leaves in one system call. */
const SOCKET_BUFFER_BYTES = 64 * 1024;

/**
 * Makes one connection, or fails in bounded time. Either way nothing of a failed attempt is left: no socket, no timer.
 *
 * @param giveUp - ends the attempt at once when it is aborted.
 * @throws ConnectionFailedError, or what the attempt was aborted with where that is a ConnectionClosedError.
 */
export async function dial(options: DialOptions, giveUp: AbortController): Promise<ChannelModel> {
  // amqplib's own timeout counts silence; a peer that trickles bytes needs a bound on the whole.
  const timer = setTimeout(() => giveUp.abort(new Error('connect ETIMEDOUT')), 2 * options.connectTimeoutMs);
  try {
    const model = await unlessAborted(open(options, giveUp.signal), giveUp.signal);
    if (!hasEnded(model)) return model;
    endConnection(model);
    throw new Error('Socket closed abruptly after the opening handshake');
  } catch (error) {
    throw error instanceof ConnectionClosedError ? error : connectionFailure(error, options.address.label);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejects as soon as the signal is aborted; a connection that is made all the same is ended. */
function unlessAborted(opening: Promise<ChannelModel>, signal: AbortSignal): Promise<ChannelModel> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    opening
      .then((model) => (signal.aborted ? endConnection(model) : resolve(model)), reject)
      .finally(() => signal.removeEventListener('abort', abandon));
  });
}

function open({ address, name, heartbeatSeconds, connectTimeoutMs, tls }: DialOptions, signal: AbortSignal) {
  const socketOptions: SocketOptions & { readonly highWaterMark: number; readonly signal: AbortSignal } = {
    ...tls,
    noDelay: true,
    keepAlive: true,
    timeout: connectTimeoutMs,
    highWaterMark: SOCKET_BUFFER_BYTES,
    // Node destroys the socket when it is aborted.
    signal,
    credentials: plainCredentials(address),
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

/** SASL PLAIN. amqplib's own object shows the password: a TLS socket keeps its options, which `util.inspect` prints. */
const plainCredentials = ({ username, password }: BrokerAddress): NonNullable<SocketOptions['credentials']> => ({
  mechanism: 'PLAIN',
  response: () => Buffer.from(`\0${username}\0${password}`),
});

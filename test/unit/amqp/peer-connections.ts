import { parseAddresses } from '../../../src/amqp/connect/addresses';
import { onOwnChannel } from '../../../src/amqp/connect/channels';
import { AmqpConnection, type AmqpConnectionOptions } from '../../../src/amqp/connect/connection';
import { loginSource } from '../../../src/amqp/connect/login';
import { tlsSource } from '../../../src/amqp/connect/tls';
import { AmqpPeer } from '../../support/amqp-peer';

const peers: AmqpPeer[] = [];
const connections: AmqpConnection[] = [];

/** Both ways that messages take through amqplib, for `describe.each`. */
export const WAYS = [
  ['on the fast path', true],
  ['on the way of amqplib', false],
] as const;

/** A peer that {@link closeAll} closes. */
export async function listeningPeer(): Promise<AmqpPeer> {
  const peer = await AmqpPeer.listen();
  peers.push(peer);
  return peer;
}

/** A connection to scripted peers, and what it reported: `connected`, or `connecting: why`. */
export function connectionTo(urls: string | readonly string[], overrides: Partial<AmqpConnectionOptions> = {}) {
  const reported: string[] = [];
  const connection = new AmqpConnection({
    hosts: parseAddresses(urls),
    name: 'test',
    heartbeatSeconds: 0,
    connectTimeoutMs: 10_000,
    login: loginSource(undefined, 1_000),
    tls: tlsSource(),
    fastPath: true,
    onState: (_name, state, _address, error) => {
      reported.push(error === undefined ? state : `${state}: ${error.message}`);
    },
    ...overrides,
  });
  connections.push(connection);
  return { connection, reported };
}

/** A connection that is up, and the peer's side of it. */
export async function openConnection(overrides: Partial<AmqpConnectionOptions> = {}) {
  const peer = await listeningPeer();
  const { connection, reported } = connectionTo(peer.url, overrides);
  await connection.open();
  return { peer, connection, reported, server: await peer.accepts() };
}

/** Ends everything that a test has opened here, clients first: they would dial again. */
export async function closeAll(): Promise<void> {
  for (const peer of peers) peer.release('ConnectionClose', 'ChannelClose');
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
}

/**
 * Resolves when the client has read everything that the peer has sent before, and the peer everything that the client
 * has: frames of a connection keep their order.
 */
export async function roundTrip({ model }: AmqpConnection): Promise<void> {
  if (model === undefined) throw new Error('there is no connection to go round');
  await onOwnChannel(model, () => Promise.resolve());
}

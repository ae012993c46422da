import type { ChannelModel } from 'amqplib';
import type { ServerInfo } from '../../broker/broker';

/** What the server at the other end of a connection said of itself in its handshake. */
export function serverInfo(model: ChannelModel): ServerInfo {
  const { product, version, cluster_name: cluster } = model.connection.serverProperties as Record<string, unknown>;
  return Object.freeze({
    product: String(product),
    version: String(version),
    ...(typeof cluster === 'string' ? { cluster } : {}),
  });
}

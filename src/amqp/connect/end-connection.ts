import type { ChannelModel } from 'amqplib';
import { connectionInternals } from '../internals';

/**
 * Whether a connection has ended already. One that ends in the moment of its handshake tells nobody: its events go
 * out before anybody can listen.
 */
export function hasEnded(model: ChannelModel): boolean {
  const { stream, expectSocketClose } = connectionInternals(model);
  return expectSocketClose === true || stream?.destroyed === true || stream?.readableEnded === true;
}

/**
 * Ends a connection without asking the peer. amqplib only half-closes a socket, and a peer that went silent would hold
 * the process open; its heartbeat timers would do so, too, and raise an error long after nobody listens.
 */
export function endConnection(model: ChannelModel): void {
  model.on('error', () => undefined);
  const { stream, heartbeater } = connectionInternals(model);
  // With an error, so that amqplib takes note of the end and closes the channels.
  stream?.destroy?.(new Error('the connection was given up'));
  heartbeater?.clear?.();
}

import type { ChannelModel } from 'amqplib';

/** The parts of amqplib 2.3's internals that are touched. Each is looked for before it is used. */
export interface Internals {
  readonly stream?: {
    readonly destroyed?: boolean;
    readonly readableEnded?: boolean;
    cork?(): void;
    uncork?(): void;
    destroy?(error?: Error): void;
  };
  readonly muxer?: { _readIncoming?: () => void };
  readonly heartbeater?: { clear?(): void } | null;
  readonly expectSocketClose?: boolean;
  /** How many channels the connection may have, as agreed in the handshake. */
  readonly channelMax?: number;
}

export const internalsOf = (model: ChannelModel): Internals =>
  (model as { readonly connection?: Internals }).connection ?? {};

/**
 * Whether a connection has ended already. One that ends in the moment of its handshake tells nobody: its events go
 * out before anybody can listen.
 */
export function hasEnded(model: ChannelModel): boolean {
  const { stream, expectSocketClose } = internalsOf(model);
  return expectSocketClose === true || stream?.destroyed === true || stream?.readableEnded === true;
}

/**
 * Ends a connection without asking the peer. amqplib only half-closes a socket, and a peer that went silent would hold
 * the process open; its heartbeat timers would do so, too, and raise an error long after nobody listens.
 */
export function endConnection(model: ChannelModel): void {
  model.on('error', () => undefined);
  const { stream, heartbeater } = internalsOf(model);
  // With an error, so that amqplib takes note of the end and closes the channels.
  stream?.destroy?.(new Error('the connection was given up'));
  heartbeater?.clear?.();
}

/** Of the channels that the broker allows on a connection, publishing and everything else keep the others. */
const SHARE = 4;

/** How many channels administration may open at a time: as many as it would like, but a share of what the broker allows. */
export function spareChannels(model: ChannelModel, wanted: number): number {
  const { channelMax = wanted * SHARE } = internalsOf(model);
  return Math.max(1, Math.min(wanted, Math.floor(channelMax / SHARE)));
}

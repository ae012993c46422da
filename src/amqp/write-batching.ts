import type { ChannelModel } from 'amqplib';

/** The parts of amqplib 2.3's internals that are touched. Each is looked for before it is used. */
interface Internals {
  readonly connection?: {
    readonly stream?: { cork?(): void; uncork?(): void; destroy?(): void };
    readonly heartbeater?: { clear?(): void } | null;
    readonly muxer?: { _readIncoming?: () => void };
  };
}

/**
 * Makes one socket write of the many that amqplib would make in a turn of the event loop: its multiplexer writes
 * frame by frame, which costs a system call each. Without these internals nothing changes but speed.
 *
 * @returns whether batching is on.
 */
export function batchWrites(model: ChannelModel): boolean {
  const { connection } = model as unknown as Internals;
  const stream = connection?.stream;
  const muxer = connection?.muxer;
  const readIncoming = muxer?._readIncoming;
  if (muxer === undefined || typeof readIncoming !== 'function') return false;
  if (typeof stream?.cork !== 'function' || typeof stream.uncork !== 'function') return false;
  const { cork, uncork } = stream;
  muxer._readIncoming = () => {
    cork.call(stream);
    try {
      readIncoming.call(muxer);
    } finally {
      uncork.call(stream);
    }
  };
  return true;
}

/**
 * Destroys the socket: amqplib only half-closes it, and a peer that went silent would hold the process open; so would
 * the heartbeats, which amqplib ends with a connection whose end it has seen.
 */
export function destroySocket(model: ChannelModel): void {
  const { connection } = model as unknown as Internals;
  connection?.stream?.destroy?.();
  connection?.heartbeater?.clear?.();
}

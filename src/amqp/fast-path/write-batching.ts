import type { ChannelModel } from 'amqplib';
import { connectionInternals } from '../internals';

/**
 * Makes one socket write of the many that amqplib would make in a turn of the event loop: its multiplexer writes
 * frame by frame, which costs a system call each. Without these internals nothing changes but speed.
 *
 * @returns whether batching is on.
 */
export function batchWrites(model: ChannelModel): boolean {
  const { stream, muxer } = connectionInternals(model);
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

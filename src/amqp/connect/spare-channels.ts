import type { ChannelModel } from 'amqplib';
import { connectionInternals } from '../internals';

/** Of the channels that the broker allows on a connection, publishing and everything else keep the others. */
const SHARE = 4;

/** How many channels administration may open at a time: as many as it would like, but a share of what the broker allows. */
export function spareChannels(model: ChannelModel, wanted: number): number {
  const { channelMax = wanted * SHARE } = connectionInternals(model);
  return Math.max(1, Math.min(wanted, Math.floor(channelMax / SHARE)));
}

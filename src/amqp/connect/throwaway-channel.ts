import type { Channel, ChannelModel } from 'amqplib';
import { answered, closeChannel, openChannel } from './channels';

const RPC_TIMEOUT_MS = 30_000;

/** A channel that a refused call may close, without harm to any other. */
export interface ThrowawayChannel {
  closed(): boolean;
  run<T>(step: (channel: Channel) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function throwawayChannel(model: ChannelModel): Promise<ThrowawayChannel> {
  const channel = await openChannel(model);
  let closed = false;
  channel.on('close', () => {
    closed = true;
  });
  return {
    closed: () => closed,
    run: (step) => answered(step(channel), RPC_TIMEOUT_MS),
    close: async () => {
      if (!closed) await closeChannel(channel);
    },
  };
}

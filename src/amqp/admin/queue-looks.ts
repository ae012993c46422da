import type { Channel, ChannelModel } from 'amqplib';
import type { QueueState } from '../../broker/broker';
import { Fifo } from '../../collections/fifo';
import { ConnectionClosedError } from '../../errors/enqueue-errors';
import { answered, closeChannel, openChannel } from '../connect/channels';
import { channelError, channelFailure } from '../connect/error-mapping';
import { spareChannels } from '../connect/spare-channels';

/** However many queues are looked at, on one connection. */
const MAX_CHANNELS = 16;
const NOT_FOUND = 404;

interface Look {
  readonly queue: string;
  readonly resolve: (state: QueueState | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Looks at queues with passive declares, a few at a time, whoever asks and however many at once. A channel for each would
 * be more than a connection may have, over which the broker closes it, publishes included.
 *
 * A look waits → one of a few channels takes it. A missing queue closes its channel, and the next look opens another one.
 * A channel that finds nothing to do is closed.
 */
export class QueueLooks {
  readonly #waiting = new Fifo<Look>();
  #open = 0;

  constructor(readonly model: ChannelModel) {}

  /** @returns `undefined` where there is no such queue. @throws AccessRefusedError, ConnectionClosedError */
  look(queue: string): Promise<QueueState | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ queue, resolve, reject });
      if (this.#open >= spareChannels(this.model, MAX_CHANNELS)) return;
      this.#open++;
      void this.#workOff();
    });
  }

  async #workOff(): Promise<void> {
    let channel: Channel | undefined;
    for (let look = this.#waiting.shift(); look !== undefined; look = this.#waiting.shift()) {
      try {
        channel ??= await openChannel(this.model);
        const { messageCount, consumerCount } = await answered(channel.checkQueue(look.queue));
        look.resolve({ ready: messageCount, consumers: consumerCount });
      } catch (error) {
        // Closed by the broker, or of no use: closing it once more is harmless.
        if (channel !== undefined) void closeChannel(channel);
        channel = undefined;
        if (channelFailure(error).code === NOT_FOUND) look.resolve(undefined);
        else look.reject(channelError(error, `look for queue "${look.queue}"`));
        // No answer will come to those that wait either: each would take its own timeout.
        if (error instanceof ConnectionClosedError) for (const other of this.#waiting.drain()) other.reject(error);
      }
    }
    this.#open--;
    if (channel !== undefined) await closeChannel(channel);
  }
}

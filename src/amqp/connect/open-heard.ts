import { EventEmitter } from 'node:events';
import type { ChannelModel } from 'amqplib';
import { connectionInternals } from '../internals';

/**
 * Opens a channel whose `error` event has a listener from the beginning. amqplib returns a channel once it is open. If the
 * broker closes the channel before that, or in one piece with its answer, no caller could have added a listener, and amqplib
 * answers an error without a listener by ending the whole connection, with all its other channels.
 *
 * @param open - calls amqplib, which reserves the channel at once.
 */
export function openHeard<T>(model: ChannelModel, open: () => Promise<T>): Promise<T> {
  const before = new Set(channelsOf(model));
  const opening = open();
  for (const channel of channelsOf(model)) {
    if (channel instanceof EventEmitter && !before.has(channel)) channel.on('error', () => undefined);
  }
  return opening;
}

const channelsOf = (model: ChannelModel): readonly unknown[] =>
  connectionInternals(model).channels?.map((slot) => slot?.channel) ?? [];

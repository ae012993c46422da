import type { Channel } from 'amqplib';
import { type ConfirmCallback, channelInternals } from '../internals';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const METHODS = ['consume', 'ack', 'ackAll', 'nack', 'nackAll', 'reject'] as const;

/**
 * Gives a channel amqplib's own methods, without what an instrumentation has wrapped around them or wraps around them later.
 * Warren has no use for its spans, whether or not it makes its own: a span of each delivery is never ended, because
 * acknowledgements are collected, so it is kept with the channel and ends as an error; and publishing bypasses the wrapper.
 * Other channels of the process stay as they are. The wrappers of OpenTelemetry keep what they wrap in `__original`.
 */
export function keepUntraced(channel: Channel): void {
  for (const method of METHODS) setOwn(channel, method, plain(Reflect.get(channel, method)));
  setOwn(channel, 'publish', plainPublish(channel));
}

function setOwn(channel: Channel, name: string, method: Method | undefined): void {
  if (method === undefined) return;
  Object.defineProperty(channel, name, { value: method, configurable: true, writable: true });
}

function plain(method: unknown): Method | undefined {
  let inner = method;
  while (typeof inner === 'function' && '__original' in inner) inner = inner.__original;
  return typeof inner === 'function' ? (inner as Method) : undefined;
}

/** That of a confirm channel calls the one of its base class, which is wrapped as well. */
function plainPublish(channel: Channel): Method | undefined {
  const base: unknown = Object.getPrototypeOf(Object.getPrototypeOf(channel));
  const ofBase = typeof base === 'object' && base !== null ? plain(Reflect.get(base, 'publish')) : undefined;
  const own = plain(Reflect.get(channel, 'publish'));
  const { pushConfirmCallback } = channelInternals(channel);
  if (ofBase === undefined || typeof pushConfirmCallback !== 'function') return own;
  // As amqplib's own: https://github.com/amqp-node/amqplib/blob/main/lib/channel_model.js
  return function publish(this: unknown, exchange, routingKey, content, options, onConfirm) {
    const result = ofBase.call(this, exchange, routingKey, content, options);
    pushConfirmCallback.call(this, onConfirm as ConfirmCallback);
    return result;
  };
}

import type { IncomingMessage, MessageProperties } from '../message/wire';
import type { QueueType } from '../task/definition';
import { deathHeaders } from './death';
import type { QueuedMessage } from './ready-messages';
import { readProperties } from './stored-message';

/** A message of a queue as a reader sees it. */
export function readEntry(type: QueueType, entry: QueuedMessage): IncomingMessage {
  return {
    exchange: entry.message.exchange,
    routingKey: entry.message.routingKey,
    body: Buffer.from(entry.message.body),
    properties: entryProperties(type, entry),
    redelivered: wasDelivered(entry),
  };
}

export function entryProperties(type: QueueType, entry: QueuedMessage): MessageProperties {
  return readProperties(entry.message, { ...deathHeaders(entry.message), ...counters(type, entry) });
}

export const wasDelivered = ({ returns, failures }: QueuedMessage): boolean => returns > 0 || failures > 0;

/** Only quorum queues count; a message that has not been out yet tells nothing, or what it counted where it died. */
function counters(type: QueueType, { failures, message, returns }: QueuedMessage): Readonly<Record<string, unknown>> {
  if (type !== 'quorum') return {};
  const acquired = returns || message.returns;
  return {
    ...(failures > 0 ? { 'x-delivery-count': failures } : {}),
    ...(acquired > 0 ? { 'x-acquired-count': acquired } : {}),
  };
}

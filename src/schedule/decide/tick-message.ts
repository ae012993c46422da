import { HEADER } from '../../message/headers';
import type { OutgoingMessage } from '../../message/wire';
import { ladderMs, route } from '../../topology/ladder';
import type { Tick } from './due';

/** A task as it is published, and how long it waits on the delay ladder. */
export interface PublishedTick {
  readonly message: OutgoingMessage;
  readonly delayMs: number;
}

/** The task of a tick, as it is published. Who makes it again makes the same, but for the name of who enqueues. */
export function tickMessage({ id, schedule, command }: Tick, appId: string, now: number): PublishedTick {
  const delayMs = command === undefined ? jitterOf(id, schedule.jitterMs) : 0;
  const { exchange, routingKey } = route(schedule.queue, delayMs, 'exact');
  const awaited = schedule.overlap === 'skip' && command === undefined;
  const message: OutgoingMessage = {
    exchange,
    routingKey,
    body: Buffer.from(schedule.body),
    properties: {
      type: schedule.task,
      messageId: id,
      contentType: schedule.contentType,
      appId,
      timestamp: Math.floor(now / 1000),
      headers: {
        [HEADER.schedule]: schedule.name,
        ...(awaited ? { [HEADER.awaited]: true } : {}),
        ...(delayMs > 0 ? { [HEADER.dueAt]: Math.ceil(now + ladderMs(delayMs, 'exact')) } : {}),
      },
    },
  };
  return { message, delayMs };
}

/** The same part of the jitter for the same id, evenly spread: FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function jitterOf(id: string, jitterMs: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  // Its last step leaves neighbours beside each other in the upper bits.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return Math.floor(((hash >>> 0) / 2 ** 32) * jitterMs);
}

import type { Broker } from '../broker/broker';
import { movedProperties } from '../message/copies';
import { type Origin, originOf, originOfDeath } from '../message/origin';
import type { IncomingMessage, OutgoingMessage } from '../message/wire';
import { DEAD_EXCHANGE } from '../topology/names';

/** Copies on their way at the same time: as many may be there twice after a kill. */
const WINDOW = 100;

/**
 * Moves what stands in a queue to another, in order, each message acknowledged after its copy was confirmed.
 * @returns how many; those that were not moved stay.
 */
export async function moveMessages(
  broker: Broker,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
  onMoved: () => void,
): Promise<void> {
  const reader = await broker.openReader(from, 2 * WINDOW);
  try {
    while (signal?.aborted !== true) {
      const batch = [];
      while (batch.length < WINDOW) {
        const next = await reader.next();
        if (next === undefined) break;
        batch.push(next);
      }
      if (batch.length === 0) return;
      const sent = batch.map((message) =>
        broker.publisher.publish(movedMessage(message, to), { isHeld: true }).then(() => message.ack()),
      );
      const results = await Promise.allSettled(sent);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      for (const _ of batch) onMoved();
    }
  } finally {
    await reader.close();
  }
}

/** The same message for another queue, with where it was first published to. */
export function movedMessage(message: IncomingMessage, to: string): OutgoingMessage {
  const properties = movedProperties(message, originIn(message));
  return { exchange: '', routingKey: to, body: message.body, properties };
}

/** A message of a dead-letter queue came by Warren's own exchange, or its broker's record says where it died before. */
function originIn(message: IncomingMessage): Origin | undefined {
  const origin = originOf(message);
  if (origin.exchange === DEAD_EXCHANGE) return originOfDeath(message.properties.headers, message.routingKey);
  return origin.exchange === '' ? undefined : origin;
}

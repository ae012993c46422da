import type { Broker } from '../broker/broker';
import { isUserHeader } from '../message/headers';
import type { IncomingMessage, MessageHeaders, OutgoingMessage } from '../message/wire';

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
        broker.publisher.publish(movedMessage(message, to)).then(() => message.ack()),
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

/**
 * The same message for another queue. Left out: `user_id` (another user's is refused), `expiration` (it would begin
 * anew, and act in the wrong queue; Warren's own deadline is a header and stays), and what the broker owns.
 */
export function movedMessage({ body, properties }: IncomingMessage, to: string): OutgoingMessage {
  const { userId: _userId, expiration: _expiration, deliveryMode: _deliveryMode, headers, ...kept } = properties;
  return { exchange: '', routingKey: to, body, properties: { ...kept, headers: movedHeaders(headers) } };
}

function movedHeaders(headers: MessageHeaders | undefined): MessageHeaders | undefined {
  if (headers === undefined) return undefined;
  const own = Object.entries(headers).filter(([name]) => name.startsWith('warren-') || isUserHeader(name));
  return Object.fromEntries(own);
}

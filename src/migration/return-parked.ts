import type { Broker, Delivery } from '../broker/broker';
import { headerOf } from '../message/headers';
import type { IncomingMessage, OutgoingMessage } from '../message/wire';
import { reservedQueueProblem } from '../task/reserved-names';
import { exchangeBelow, firstExchange, homeOfLadderKey } from '../topology/ladder';
import { DELAY_UNROUTED, delayLevelOf } from '../topology/names';
import { movedMessage } from './move-messages';

/** Those that stay are held until the last one is read: more of them are left to the next run. */
const MAX_READ = 10_000;

/**
 * Puts delayed messages back on the ladder that were parked though their home queue exists. Each goes on below the level
 * that it has waited in last. All others stay.
 *
 * @returns how many were put back.
 */
export async function returnParked(broker: Broker, signal?: AbortSignal): Promise<number> {
  const total = Math.min((await broker.countReady(DELAY_UNROUTED)) ?? 0, MAX_READ);
  if (total === 0) return 0;
  const homes = new Map<string, Promise<boolean>>();
  const exists = (home: string): Promise<boolean> => {
    const known = homes.get(home) ?? broker.countReady(home).then((count) => count !== undefined);
    homes.set(home, known);
    return known;
  };
  const reader = await broker.openReader(DELAY_UNROUTED);
  const kept: Delivery[] = [];
  let returned = 0;
  try {
    for (let read = 0; read < total && signal?.aborted !== true; read++) {
      const message = await reader.next();
      if (message === undefined) break;
      const home = homeOfLadderKey(message.routingKey);
      if (home === undefined || reservedQueueProblem(home) !== undefined || !(await exists(home))) {
        kept.push(message);
        continue;
      }
      await broker.publisher.publish(returnedMessage(message));
      message.ack();
      returned++;
    }
  } finally {
    for (const message of kept) message.requeue();
    await reader.close();
  }
  return returned;
}

function returnedMessage(message: IncomingMessage): OutgoingMessage {
  const { routingKey } = message;
  const level = lastLevel(message);
  const exchange = level === undefined ? firstExchange(routingKey) : exchangeBelow(level);
  return { ...movedMessage(message, ''), exchange, routingKey };
}

/** The level that the broker took it out of last: its record has the newest death first. */
function lastLevel({ properties }: IncomingMessage): number | undefined {
  const deaths: unknown = headerOf(properties.headers, 'x-death');
  const newest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  const queue = typeof newest === 'object' && newest !== null ? (newest as { queue?: unknown }).queue : undefined;
  return typeof queue === 'string' ? delayLevelOf(queue) : undefined;
}

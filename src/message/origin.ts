import { HEADER, headerOf, textHeader } from './headers';
import type { IncomingMessage, MessageHeaders } from './wire';

/** Begins the names of the delay ladder's exchanges and queues. */
export const DELAY_PREFIX = 'warren.delay.';

/** The ladder's bits in front of a home queue's name, each with its dot. */
const LADDER_BITS = /^(?:[01]\.){31}/;

/** Where a message was first published to. */
export interface Origin {
  readonly exchange: string;
  readonly routingKey: string;
}

/**
 * Where a message was first published to, so that a handler's routing keys match the same over all its copies: as a copy
 * has it in its headers, else as it came. What came over the ladder without these headers was meant for its queue by name,
 * as by the default exchange: the ladder's exchange and keys are Warren's own, and match no handler.
 */
export function originOf(message: IncomingMessage): Origin {
  return recordedOrigin(message.properties.headers) ?? fromLadder(message) ?? message;
}

/** The origin that a copy has in its headers. */
export function recordedOrigin(headers: MessageHeaders | undefined): Origin | undefined {
  const exchange = textHeader(headers, HEADER.exchange);
  const routingKey = textHeader(headers, HEADER.routingKey);
  // Copies of earlier versions have the ladder itself there.
  return exchange === undefined || routingKey === undefined || isLadder(exchange)
    ? undefined
    : { exchange, routingKey };
}

function fromLadder({ exchange, routingKey }: IncomingMessage): Origin | undefined {
  return isLadder(exchange) ? { exchange: '', routingKey: routingKey.replace(LADDER_BITS, '') } : undefined;
}

const isLadder = (exchange: string): boolean => exchange !== '' && exchange.startsWith(DELAY_PREFIX);

/**
 * The broker's own record of a letter that no worker has touched, from `x-death`.
 *
 * @param queue - the queue that it died in.
 */
export function originOfDeath(headers: MessageHeaders | undefined, queue: string): Origin | undefined {
  const deaths = headerOf(headers, 'x-death');
  if (!Array.isArray(deaths)) return undefined;
  for (const death of deaths as readonly Record<string, unknown>[]) {
    if (typeof death !== 'object' || death === null || death['queue'] !== queue) continue;
    const keys: unknown = death['routing-keys'];
    const exchange = death['exchange'];
    const routingKey: unknown = Array.isArray(keys) ? keys[0] : undefined;
    if (typeof exchange !== 'string' || typeof routingKey !== 'string') return undefined;
    return exchange === '' || isLadder(exchange) ? undefined : { exchange, routingKey };
  }
  return undefined;
}

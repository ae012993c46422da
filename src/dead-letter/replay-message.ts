import { copiedProperties } from '../message/copies';
import { readEnvelope, readFailures } from '../message/envelope';
import { copyTrace, HEADER, headerOf, integerHeader, originalBody, textHeader, userHeaders } from '../message/headers';
import type { IncomingMessage, OutgoingMessage } from '../message/wire';
import { DELAY_DELIVER_EXCHANGE } from '../topology/names';

/**
 * The message that brings a dead letter back to work: same id and payload, attempts from the start, its history and
 * where it came from kept.
 *
 * @param now - milliseconds since 1970.
 * @param newId - the id of a letter that has none.
 * @param edited - the payload instead of the letter's own, which is kept in a header.
 */
export function replayMessage(
  homeQueue: string,
  letter: IncomingMessage,
  now: number,
  newId: () => string,
  edited?: Buffer,
): OutgoingMessage {
  const { headers } = letter.properties;
  const replayed = userHeaders(headers);
  replayed[HEADER.replays] = (integerHeader(headers, HEADER.replays, 0, 1_000_000) ?? 0) + 1;
  replayed[HEADER.replayedAt] = now;
  copyTrace(headers, replayed);
  const failures = readFailures(letter);
  if (failures.length > 0) replayed[HEADER.failures] = JSON.stringify(failures);
  const original = originalBody(headers) ?? (edited === undefined ? undefined : letter.body);
  if (original !== undefined) replayed[HEADER.original] = original;
  const origin = originOf(homeQueue, letter);
  if (origin !== undefined) {
    replayed[HEADER.exchange] = origin.exchange;
    replayed[HEADER.routingKey] = origin.routingKey;
  }
  return {
    exchange: '',
    // Not the letter's own `warren-queue`: a sender could have forged it, and reach queues that are not its own.
    routingKey: homeQueue,
    body: edited ?? letter.body,
    properties: copiedProperties(
      { message: letter, id: readEnvelope(letter).id ?? newId(), task: undefined },
      replayed,
    ),
  };
}

interface Origin {
  readonly exchange: string;
  readonly routingKey: string;
}

/** Where a foreign message was first published, so that it is dispatched as before. */
function originOf(homeQueue: string, { properties: { headers } }: IncomingMessage): Origin | undefined {
  const exchange = textHeader(headers, HEADER.exchange);
  const routingKey = textHeader(headers, HEADER.routingKey);
  if (exchange !== undefined && routingKey !== undefined) return { exchange, routingKey };
  return brokerOrigin(homeQueue, headerOf(headers, 'x-death'));
}

/** The broker's own record of a letter that no worker has touched. */
function brokerOrigin(homeQueue: string, deaths: unknown): Origin | undefined {
  if (!Array.isArray(deaths)) return undefined;
  for (const death of deaths as readonly Record<string, unknown>[]) {
    if (typeof death !== 'object' || death === null || death['queue'] !== homeQueue) continue;
    const keys: unknown = death['routing-keys'];
    const exchange = death['exchange'];
    const routingKey: unknown = Array.isArray(keys) ? keys[0] : undefined;
    if (typeof exchange !== 'string' || typeof routingKey !== 'string') return undefined;
    return exchange === '' || exchange === DELAY_DELIVER_EXCHANGE ? undefined : { exchange, routingKey };
  }
  return undefined;
}

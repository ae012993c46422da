import { copiedProperties, sendersHeaders } from '../message/copies';
import { readEnvelope, readFailures } from '../message/envelope';
import { copyTrace, HEADER, integerHeader, MAX_ORIGINAL_BYTES, originalBody } from '../message/headers';
import { originOfDeath, recordedOrigin } from '../message/origin';
import type { IncomingMessage, OutgoingMessage } from '../message/wire';

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
  const replayed = sendersHeaders(letter);
  replayed[HEADER.replays] = (integerHeader(headers, HEADER.replays, 0, 1_000_000) ?? 0) + 1;
  replayed[HEADER.replayedAt] = now;
  copyTrace(headers, replayed);
  const failures = readFailures(letter);
  if (failures.length > 0) replayed[HEADER.failures] = JSON.stringify(failures);
  const original =
    originalBody(headers) ??
    (edited === undefined || letter.body.length > MAX_ORIGINAL_BYTES ? undefined : letter.body);
  if (original !== undefined) replayed[HEADER.original] = original;
  const origin = recordedOrigin(headers) ?? originOfDeath(headers, homeQueue);
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

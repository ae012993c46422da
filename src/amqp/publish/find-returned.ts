import { isDeepStrictEqual } from 'node:util';
import type { Message } from 'amqplib';
import type { MessageProperties } from '../../message/wire';
import type { Publication } from './publication';

const COMPARED = [
  'contentType',
  'contentEncoding',
  'priority',
  'correlationId',
  'replyTo',
  'expiration',
  'timestamp',
  'type',
  'userId',
  'appId',
] as const satisfies readonly (keyof MessageProperties)[];

/**
 * The publication that a `basic.return` is about. A return carries the message, and no number of it.
 *
 * Address and id are nearly always enough. Two publications can share them: a task that was enqueued twice under one id, two
 * attempts of one task, messages without an id. The queue can be deleted between the two, so that the broker stores one of
 * them and returns the other. Payload and properties tell such a pair apart. Where those are equal, too, the two are the
 * same message, and it does not matter whose publish fails.
 *
 * @param inFlight - in any order.
 */
export function findReturned(inFlight: Iterable<Publication>, returned: Message): Publication | undefined {
  const candidates: Publication[] = [];
  for (const publication of inFlight) {
    if (publication.returned === undefined && hasAddressOf(publication, returned)) candidates.push(publication);
  }
  if (candidates.length <= 1) return candidates[0];
  const inTurn = candidates.sort((a, b) => a.turn - b.turn);
  const withPayload = inTurn.filter(({ message }) => message.body.equals(returned.content));
  return withPayload.find((each) => hasPropertiesOf(each, returned)) ?? withPayload[0] ?? inTurn[0];
}

function hasAddressOf(
  { message: { exchange, routingKey, properties } }: Publication,
  { fields, ...returned }: Message,
) {
  if (exchange !== fields.exchange || routingKey !== fields.routingKey) return false;
  return properties.messageId === (returned.properties.messageId as unknown);
}

function hasPropertiesOf({ message: { properties } }: Publication, returned: Message): boolean {
  const other = returned.properties as MessageProperties;
  if (COMPARED.some((name) => properties[name] !== other[name])) return false;
  return isDeepStrictEqual({ ...properties.headers }, { ...other.headers });
}

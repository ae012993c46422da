import type { MessageProperties, OutgoingMessage } from '../message/wire';
import { copyHeaders, copyTable } from './field-table';

/** Why a queue gave a message up, by the names of the `x-death` header. */
export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/** How often, and how, a message died in one queue for one reason. */
export interface Death {
  readonly queue: string;
  readonly reason: DeathReason;
  readonly count: number;
  /** The first time, in milliseconds since 1970. */
  readonly time: number;
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly originalExpiration: string | undefined;
}

/** A message as the broker keeps it. Shared by all queues that it was routed to, so nothing of it ever changes. */
export interface StoredMessage {
  readonly exchange: string;
  readonly routingKey: string;
  /** Its own key, then those of the `CC` header. */
  readonly routingKeys: readonly string[];
  /** Keys of the `BCC` header, which route once and leave no trace. */
  readonly blindKeys: readonly string[];
  readonly body: Buffer;
  readonly properties: MessageProperties;
  /** Newest first, one for each queue and reason. */
  readonly deaths: readonly Death[];
  readonly firstDeath: Death | undefined;
  /** Failed deliveries, which the next quorum queue counts on. */
  readonly failures: number;
  /** Returns to the queue that it died in, shown until the next queue has its own to count. */
  readonly returns: number;
}

const SHORT_STRINGS = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'type',
  'userId',
  'appId',
] as const satisfies readonly (keyof MessageProperties)[];

/**
 * Copies what a publisher hands over, so that what it does with its objects later changes nothing.
 *
 * @throws TypeError, RangeError where AMQP could not carry it.
 */
export function storeMessage({ exchange, routingKey, body, properties }: OutgoingMessage): StoredMessage {
  checkProperties(properties);
  if (Buffer.byteLength(routingKey) > 255) throw new RangeError('a routing key may have at most 255 bytes');
  const { headers, unreadable } = copyHeaders(properties.headers ?? {});
  const routingKeys = [routingKey, ...keysOf(headers['CC'])];
  const blindKeys = keysOf(headers['BCC']);
  delete headers['BCC'];
  return {
    exchange,
    routingKey,
    routingKeys,
    blindKeys,
    body: Buffer.from(body),
    properties: Object.freeze({
      ...properties,
      headers,
      deliveryMode: 2,
      priority: wholeOctet(properties.priority),
      unreadable,
    }),
    deaths: [],
    firstDeath: undefined,
    failures: 0,
    returns: 0,
  };
}

function checkProperties(properties: MessageProperties): void {
  for (const name of SHORT_STRINGS) {
    const value: unknown = properties[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || Buffer.byteLength(value) > 255) {
      throw new TypeError(`the property "${name}" must be a string of at most 255 bytes`);
    }
  }
  const { priority, timestamp } = properties;
  if (priority !== undefined && !(priority >= 0 && priority <= 255))
    throw new RangeError('a priority must be 0 to 255');
  if (timestamp !== undefined && !(timestamp >= 0)) throw new RangeError('a timestamp must be a number of seconds');
}

/** AMQP has one byte for a priority. */
const wholeOctet = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.trunc(value);

/** Sender-selected distribution: these headers hold further routing keys (https://www.rabbitmq.com/docs/sender-selected). */
const keysOf = (header: unknown): readonly string[] => (isTextArray(header) ? header : []);

export function isTextArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** What a consumer sees of a message; its headers are a copy of its own. */
export function readProperties(
  { properties }: StoredMessage,
  brokerHeaders: Readonly<Record<string, unknown>>,
): MessageProperties {
  return { ...properties, headers: { ...copyTable(properties.headers ?? {}), ...brokerHeaders } };
}

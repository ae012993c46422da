import type { TaskFailure } from '../task/context';
import { MAX_INSTANT } from '../time/instant';
import { parseFailures } from './failure-history';
import { HEADER, headerOf, integerHeader, textHeader } from './headers';
import { originOf } from './origin';
import type { IncomingMessage, MessageHeaders } from './wire';

/** Attempts beyond this are a forgery; the header then counts as absent. */
const MAX_ATTEMPT = 1_000_000;

/** What a message says about itself, read without trust. */
export interface Envelope {
  /** The task's id, or `undefined` where the sender gave none. */
  readonly id: string | undefined;
  /** The task's name as the sender wrote it. */
  readonly type: string | undefined;
  /** 1-based. */
  readonly attempt: number;
  /** When the first attempt began, or `undefined` when this is the first; milliseconds since 1970. */
  readonly firstAttemptAt: number | undefined;
  readonly expiresAt: number | undefined;
  /** Where the message was first published to, over all its copies. The ladder counts as the default exchange. */
  readonly exchange: string;
  readonly routingKey: string;
  /** The schedule that waits for the end of this run, or `undefined` where none does. */
  readonly awaitedBy: string | undefined;
}

/** Reads an envelope. A header of a wrong type or range counts as absent: `-1`, `"NaN"` and a missing attempt are all the first. */
export function readEnvelope(message: IncomingMessage): Envelope {
  const { properties } = message;
  const { headers } = properties;
  const id = usableText(properties.messageId);
  const type = usableText(properties.type);
  if (headers === undefined || !hasOwnHeader(headers)) return firstAttempt(message, id, type);
  const { exchange, routingKey } = originOf(message);
  return {
    id,
    type,
    attempt: integerHeader(headers, HEADER.attempt, 1, MAX_ATTEMPT) ?? 1,
    firstAttemptAt: integerHeader(headers, HEADER.firstAttemptAt, 0, MAX_INSTANT),
    expiresAt: integerHeader(headers, HEADER.expiresAt, 0, MAX_INSTANT),
    exchange,
    routingKey,
    awaitedBy: headerOf(headers, HEADER.awaited) === true ? textHeader(headers, HEADER.schedule) : undefined,
  };
}

/** Whether any header is Warren's: few messages have one, and most that have headers have the sender's trace alone. */
function hasOwnHeader(headers: MessageHeaders): boolean {
  for (const name in headers) if (name.startsWith('warren-')) return true;
  return false;
}

function firstAttempt(message: IncomingMessage, id: string | undefined, type: string | undefined): Envelope {
  // Nearly every message comes by the default exchange.
  const { exchange, routingKey } = message.exchange === '' ? message : originOf(message);
  return {
    id,
    type,
    attempt: 1,
    firstAttemptAt: undefined,
    expiresAt: undefined,
    exchange,
    routingKey,
    awaitedBy: undefined,
  };
}

/**
 * When a worker first met this message that knew no task for it; now, where none has. Read only of such messages.
 *
 * @param now - milliseconds since 1970. A forged time to come would keep the message for ever.
 */
export function readUnknownSince(message: IncomingMessage, now: number): number {
  return Math.min(integerHeader(message.properties.headers, HEADER.unknownSince, 0, MAX_INSTANT) ?? now, now);
}

/** Earlier failures; read only when somebody asks, since most messages have none. */
export function readFailures(message: IncomingMessage): readonly TaskFailure[] {
  const header = message.properties.headers;
  return parseFailures(
    header !== undefined && Object.hasOwn(header, HEADER.failures) ? header[HEADER.failures] : undefined,
  );
}

/** Of a short string of AMQP. */
const MAX_BYTES = 255;
/** As many characters have no more bytes, whatever they are. */
const SURELY_SHORT = MAX_BYTES / 3;

/** A short string of AMQP. Decoding invalid UTF-8 can make more than 255 bytes of it, and then it cannot be sent again. */
function usableText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length <= SURELY_SHORT || Buffer.byteLength(value) <= MAX_BYTES ? value : undefined;
}

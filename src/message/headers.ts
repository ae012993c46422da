import { truncateBytes } from '../errors/describe-thrown';
import {
  fieldBytes,
  isSendableName,
  MAX_HEADER_DEPTH,
  MAX_NAME_BYTES,
  NOTHING,
  plainValue,
  sendableValue,
} from './header-values';
import type { MessageHeaders } from './wire';

/** Warren's own headers. None begins with `x-`: RabbitMQ 4.0 and newer ignore or own such headers. */
export const HEADER = Object.freeze({
  /** The attempt that this message is for, 1-based. Absent: the first. */
  attempt: 'warren-attempt',
  /** The home queue of a retry or dead-letter copy. */
  queue: 'warren-queue',
  /** When the first attempt began; milliseconds since 1970. */
  firstAttemptAt: 'warren-first-attempt-at',
  /** When the first attempt began, by the broker's clock; milliseconds since 1970. */
  firstAttemptAtBroker: 'warren-first-attempt-at-broker',
  /** No attempt begins after this; milliseconds since 1970. */
  expiresAt: 'warren-expires-at',
  /** The same by the broker's clock, at the latest. Absent until a worker has asked the broker. */
  expiresAtBroker: 'warren-expires-at-broker',
  /** From when on it may be run, where it waited for that: a delay or a backoff; milliseconds since 1970. */
  dueAt: 'warren-due-at',
  /** Earlier failures as JSON text, oldest first. */
  failures: 'warren-failures',
  /** In a queue of suspects: how often the message had been out when a worker died, before it came there. */
  crashes: 'warren-crashes',
  /** When a worker first met the message that knew no task for it; milliseconds since 1970. Gone once one does. */
  unknownSince: 'warren-unknown-since',
  /** When it first came back from the delay ladder since then, by the broker's clock; milliseconds since 1970. */
  unknownSinceBroker: 'warren-unknown-since-broker',
  /** In a queue of suspects: how often a death that was counted there turned out to be a lost connection. */
  acquittals: 'warren-acquittals',
  /** The exchange and routing key that a foreign message was first published with. */
  exchange: 'warren-exchange',
  routingKey: 'warren-routing-key',
  /** On dead letters: why, when, and what is wrong with the payload (JSON text). */
  reason: 'warren-reason',
  deadAt: 'warren-dead-at',
  problems: 'warren-problems',
  /** How often it was replayed from the dead-letter queue, and when last. */
  replays: 'warren-replays',
  replayedAt: 'warren-replayed-at',
  /** Tells the copies of a replay apart while they stand between two queues. */
  replayMark: 'warren-replay-mark',
  /** The schedule whose tick a task is. */
  schedule: 'warren-schedule',
  /** Whether the schedule waits for the end of this run before it makes another one. */
  awaited: 'warren-awaited',
  /** The payload as it was before it was edited for a replay. */
  original: 'warren-original',
  /** The names of the sender's headers that a copy could not carry along, as JSON text. */
  leftOut: 'warren-headers-left-out',
  /** The last attempt's span, as a W3C `traceparent`: the next attempt links to it. */
  lastSpan: 'warren-last-span',
});

/** W3C trace context. It is a sender's own, and travels however full the budget of user headers is. */
const TRACE_HEADERS = ['traceparent', 'tracestate', HEADER.lastSpan];
/** What the W3C recommends to carry along of `tracestate`. */
const MAX_TRACE_HEADER_LENGTH = 512;

/** Takes over the trace that a message belongs to. */
export function copyTrace(from: MessageHeaders | undefined, to: Record<string, unknown>): void {
  if (from === undefined) return;
  for (const name of TRACE_HEADERS) {
    const value = textHeader(from, name, MAX_TRACE_HEADER_LENGTH);
    if (value !== undefined) to[name] = value;
  }
}

/** User headers that travel with retries and dead letters: at most so many bytes in all. amqplib refuses 64 KiB and more. */
export const MAX_USER_HEADER_BYTES = 16 * 1024;
/** The bytes of JSON text that name what is missing in a copy. */
const MAX_LEFT_OUT_BYTES = 1024;

/** Headers that the broker acts on or writes: copied, they would fan a retry out again or forge its history. */
const BROKER_OWNED =
  /^(?:CC|BCC|x-death|x-(?:first|last)-death-.*|x-delivery-count|x-acquired-count|x-delay|x-opt-.*|x-stream-.*|__proto__)$/i;

/** Whether a header belongs to the broker or to Warren: a copy leaves it out, or has one of its own. */
export const isReservedHeader = (name: string): boolean => name.startsWith('warren-') || BROKER_OWNED.test(name);

/** Whether a header may be a user's own, and so travels with copies. */
export const isUserHeader = (name: string): boolean => !isReservedHeader(name) && isSendableName(name);

/** A header's own value; inherited ones are a sender's `__proto__` table. */
export function headerOf(headers: MessageHeaders | undefined, name: string): unknown {
  return headers !== undefined && Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** A header that must be a whole number in a range; anything else counts as absent. */
export function integerHeader(
  headers: MessageHeaders | undefined,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const value = headerOf(headers, name);
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}

/** A header that must be a short text; anything else counts as absent. */
export function textHeader(headers: MessageHeaders | undefined, name: string, maxLength = 255): string | undefined {
  const value = headerOf(headers, name);
  return typeof value === 'string' && value.length <= maxLength ? value : undefined;
}

/** The most bytes of an original payload that a message carries along: all headers together must stay below 64 KiB. */
export const MAX_ORIGINAL_BYTES = 16 * 1024;

/** The payload before it was edited, where it was. */
export function originalBody(headers: MessageHeaders | undefined): Buffer | undefined {
  const value = headerOf(headers, HEADER.original);
  return Buffer.isBuffer(value) && value.length <= MAX_ORIGINAL_BYTES ? value : undefined;
}

/**
 * The sender's own headers that can travel: names and values that can be encoded, in order, as many as fit the budget.
 * Without a prototype.
 *
 * @param leftOut - gets the names of those of which something is missing.
 */
export function userHeaders(
  headers: MessageHeaders | undefined,
  leftOut?: Set<string>,
  maxBytes = MAX_USER_HEADER_BYTES,
): Record<string, unknown> {
  const kept: Record<string, unknown> = Object.create(null);
  if (headers === undefined) return kept;
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    if (isReservedHeader(name) && name !== '__proto__') continue;
    const given = headers[name];
    if (given === undefined) continue;
    const { value, isWhole } = isSendableName(name) ? sendableValue(given) : NOTHING;
    const size = value === undefined ? 0 : fieldBytes(name, value);
    const fits = value !== undefined && bytes + size <= maxBytes;
    if (fits) {
      bytes += size;
      kept[name] = value;
    }
    if (!fits || !isWhole) leftOut?.add(name);
  }
  return kept;
}

/** The sender's own headers as they came, for whoever reads them: numbers are plain numbers. Without a prototype. */
export function plainHeaders(headers: MessageHeaders | undefined): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  if (headers === undefined) return plain;
  for (const name of Object.keys(headers)) if (!isReservedHeader(name)) plain[name] = plainValue(headers[name]);
  return plain;
}

/** The names of the sender's headers that this copy, or one before it, could not carry along. */
export function readLeftOut(headers: MessageHeaders | undefined): readonly string[] {
  const text = textHeader(headers, HEADER.leftOut, MAX_LEFT_OUT_BYTES);
  if (text === undefined) return [];
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

/** JSON text with the first of the names, as many as fit; `undefined` where there are none. */
export function leftOutText(names: Iterable<string>): string | undefined {
  const named = [...names].map((name) => truncateBytes(name, MAX_LEFT_OUT_NAME_BYTES));
  if (named.length === 0) return undefined;
  // One name alone always fits: of each byte, JSON makes six at most.
  while (named.length > 1 && Buffer.byteLength(JSON.stringify(named)) > MAX_LEFT_OUT_BYTES) named.pop();
  return JSON.stringify(named);
}

const MAX_LEFT_OUT_NAME_BYTES = 150;

/** Why headers of an `enqueue` call cannot be sent as they are; empty where they can. */
export function headerProblems(headers: MessageHeaders): readonly string[] {
  const problems: string[] = [];
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    // What travels is counted, not what was given: that could hold itself.
    const { value, isWhole } = sendableValue(headers[name]);
    const problem = nameProblem(name) ?? (isWhole ? undefined : `header ${JSON.stringify(name)} ${SENDABLE}`);
    if (problem === undefined) bytes += fieldBytes(name, value);
    else problems.push(problem);
  }
  if (bytes > MAX_USER_HEADER_BYTES)
    problems.push(`headers have about ${bytes} bytes, at most ${MAX_USER_HEADER_BYTES} are allowed`);
  return problems;
}

const SENDABLE = `must be a string without lone surrogates, a finite number, a boolean, null, a Buffer, a Date, or an array or plain object of these, at most ${MAX_HEADER_DEPTH} in each other`;

function nameProblem(name: string): string | undefined {
  const quoted = JSON.stringify(name);
  if (isReservedHeader(name)) return `header ${quoted} is reserved for Warren or the broker`;
  return isSendableName(name)
    ? undefined
    : `the header name ${quoted} must be a string of 1 to ${MAX_NAME_BYTES} bytes of UTF-8, without U+FFFD`;
}

import { truncateBytes } from '../errors/describe-thrown';
import type { PayloadProblem } from '../errors/enqueue-errors';
import type { DeadLetterReason } from '../settlement/outcome';
import type { TaskFailure } from '../task/context';
import { brokerInstants, expiresAtBroker } from './broker-instants';
import type { Envelope } from './envelope';
import { isSendableName, NOTHING, sendableValue, valueBytes } from './header-values';
import {
  copyTrace,
  HEADER,
  headerOf,
  integerHeader,
  isReservedHeader,
  leftOutText,
  originalBody,
  readLeftOut,
  textHeader,
  userHeaders,
} from './headers';
import type { Origin } from './origin';
import type { IncomingMessage, MessageProperties } from './wire';

/** Problems that a dead letter names, and their budget in bytes of JSON text. */
const MAX_PROBLEMS = 20;
const MAX_PROBLEMS_BYTES = 8192;

/** What a retry or dead-letter copy has in common. */
export interface CopyInput {
  readonly message: IncomingMessage;
  readonly envelope: Envelope;
  readonly id: string;
  /** The task's name where one was found, so that a message dispatched by routing key finds its handler again. */
  readonly task: string | undefined;
  readonly queue: string;
  readonly attempt: number;
  readonly firstAttemptAt: number | undefined;
  readonly failures: readonly TaskFailure[];
  /** From when on it may be run; milliseconds since 1970. */
  readonly dueAt?: number | undefined;
  /** The instant after which no attempt begins. @defaultValue the one of the message */
  readonly expiresAt?: number | undefined;
  /** Headers of the trace, where they differ from those of the message. */
  readonly trace?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The properties of the copy that waits on the delay ladder for its next attempt. */
export function retryProperties(input: CopyInput): MessageProperties {
  return copiedProperties(input, commonHeaders(input));
}

/** The properties of the copy that waits for a worker that knows its task. */
export function unknownTaskProperties(input: CopyInput, since: number): MessageProperties {
  const headers = commonHeaders(input);
  headers[HEADER.unknownSince] = since;
  const { unknownSince } = brokerInstants(input.message);
  if (unknownSince !== undefined) headers[HEADER.unknownSinceBroker] = unknownSince;
  return copiedProperties(input, headers);
}

/** The properties of the copy that asks the broker whether its task has expired. It is run when it returns, or expires. */
export function askingProperties(input: CopyInput, expiresAt: number): MessageProperties {
  const headers = commonHeaders(input);
  headers[HEADER.expiresAtBroker] = expiresAtBroker(input.message, expiresAt);
  return copiedProperties(input, headers);
}

/** What is held against a suspect, and for it. */
export interface Suspicion {
  /** Deaths of a worker that it may have caused. */
  readonly crashes: number;
  /** Counted deaths that turned out not to be its doing. */
  readonly acquittals: number;
}

/** The properties of the copy that runs alone. */
export function suspectProperties(input: CopyInput, { crashes, acquittals }: Suspicion): MessageProperties {
  const headers = commonHeaders(input);
  headers[HEADER.crashes] = crashes;
  if (acquittals > 0) headers[HEADER.acquittals] = acquittals;
  return copiedProperties(input, headers);
}

/** The properties of the copy that goes to the dead-letter queue. */
export function deadLetterProperties(
  input: CopyInput,
  reason: DeadLetterReason,
  problems: readonly PayloadProblem[],
  now: number,
): MessageProperties {
  const headers = commonHeaders(input);
  headers[HEADER.reason] = reason;
  headers[HEADER.deadAt] = now;
  if (problems.length > 0) headers[HEADER.problems] = problemsText(problems);
  return copiedProperties(input, headers);
}

/** The properties of a dead letter of which no other copy can be made: without any header of its sender. */
export function bareDeadLetterProperties(input: CopyInput, now: number): MessageProperties {
  const { headers } = input.message.properties;
  const names = Object.keys(headers ?? {}).filter((name) => !isReservedHeader(name));
  const text = leftOutText(new Set([...readLeftOut(headers), ...names]));
  const bare = commonHeaders(input, text === undefined ? {} : { [HEADER.leftOut]: text });
  const reason: DeadLetterReason = 'rejected';
  bare[HEADER.reason] = reason;
  bare[HEADER.deadAt] = now;
  return copiedProperties(input, bare);
}

/** The first problems, as many as fit: JSON text that was cut could not be read again. */
function problemsText(problems: readonly PayloadProblem[]): string {
  const named = problems.slice(0, MAX_PROBLEMS).map(({ path, rule, message }) => ({
    path: truncateBytes(path, 400),
    rule: truncateBytes(rule, 100),
    message: truncateBytes(message, 400),
  }));
  // One problem alone always fits: of each byte, JSON makes six at most.
  while (named.length > 1 && Buffer.byteLength(JSON.stringify(named)) > MAX_PROBLEMS_BYTES) named.pop();
  return JSON.stringify(named);
}

/** The sender's own headers, as far as they can travel, and the names of those that cannot. */
export function sendersHeaders({ properties }: IncomingMessage, maxBytes?: number): Record<string, unknown> {
  const leftOut = new Set(readLeftOut(properties.headers));
  for (const { name } of properties.unreadable ?? []) leftOut.add(name);
  const headers = userHeaders(properties.headers, leftOut, maxBytes);
  const text = leftOutText(leftOut);
  if (text !== undefined) headers[HEADER.leftOut] = text;
  return headers;
}

/**
 * The properties of the same message in another queue, as it is: for moves, which are no attempts.
 *
 * Left out: `user_id` (another user's is refused), `expiration` (it would begin anew, and act in the wrong queue; Warren's
 * own deadline is a header and stays), what the broker owns, and what cannot be encoded.
 *
 * @param origin - where it was first published to, unless a header has that already.
 */
export function movedProperties(message: IncomingMessage, origin: Origin | undefined): MessageProperties {
  const { properties } = message;
  const own = ownHeaders(message);
  const maxBytes = MAX_MOVED_BYTES - valueBytes(own);
  const headers = Object.assign(sendersHeaders(message, maxBytes), own);
  if (origin !== undefined) {
    headers[HEADER.exchange] = origin.exchange;
    headers[HEADER.routingKey] = origin.routingKey;
  }
  const { messageId, priority } = properties;
  const copied = copiedProperties({ message, id: text(messageId), task: undefined }, headers);
  return { ...copied, priority };
}

/** All headers of a message that is moved: below the 64 KiB that amqplib can encode, with room for what is added. */
const MAX_MOVED_BYTES = 60 * 1024;

/** Warren's own headers, as far as they can be encoded. */
function ownHeaders({ properties }: IncomingMessage): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(properties.headers ?? {})) {
    const { value } = name.startsWith('warren-') && isSendableName(name) ? sendableValue(given) : NOTHING;
    if (value !== undefined && name !== HEADER.leftOut) own[name] = value;
  }
  return own;
}

function commonHeaders(
  input: CopyInput,
  headers: Record<string, unknown> = sendersHeaders(input.message),
): Record<string, unknown> {
  const { envelope, message } = input;
  headers[HEADER.attempt] = input.attempt;
  headers[HEADER.queue] = input.queue;
  if (input.firstAttemptAt !== undefined) headers[HEADER.firstAttemptAt] = input.firstAttemptAt;
  if (input.dueAt !== undefined) headers[HEADER.dueAt] = input.dueAt;
  copyBrokerInstants(message, headers);
  if (envelope.expiresAt !== undefined) headers[HEADER.expiresAt] = input.expiresAt ?? envelope.expiresAt;
  if (input.failures.length > 0) headers[HEADER.failures] = JSON.stringify(input.failures);
  if (envelope.exchange !== '') {
    headers[HEADER.exchange] = envelope.exchange;
    headers[HEADER.routingKey] = envelope.routingKey;
  }
  copySchedule(message, headers);
  copyCounts(message, headers);
  copyTrace(message.properties.headers, headers);
  return input.trace === undefined ? headers : Object.assign(headers, input.trace);
}

/** Copies without a history have none, and cost nothing. */
function copyBrokerInstants(message: IncomingMessage, headers: Record<string, unknown>): void {
  const expiresAt = integerHeader(message.properties.headers, HEADER.expiresAtBroker, 0, MAX_COUNT);
  if (expiresAt !== undefined) headers[HEADER.expiresAtBroker] = expiresAt;
  const { firstAttempt } = brokerInstants(message);
  if (firstAttempt !== undefined) headers[HEADER.firstAttemptAtBroker] = firstAttempt;
}

function copySchedule({ properties }: IncomingMessage, headers: Record<string, unknown>): void {
  const schedule = textHeader(properties.headers, HEADER.schedule);
  if (schedule === undefined) return;
  headers[HEADER.schedule] = schedule;
  if (headerOf(properties.headers, HEADER.awaited) === true) headers[HEADER.awaited] = true;
}

/** The largest instant of a `Date`; no count is larger either. */
const MAX_COUNT = 8.64e15;

function copyCounts(message: IncomingMessage, headers: Record<string, unknown>): void {
  for (const name of [HEADER.replays, HEADER.replayedAt]) {
    const value = integerHeader(message.properties.headers, name, 0, MAX_COUNT);
    if (value !== undefined) headers[name] = value;
  }
  const original = originalBody(message.properties.headers);
  if (original !== undefined) headers[HEADER.original] = original;
}

/**
 * The allowlist. Left out on purpose: `user_id` (another user's is refused with a 406, for ever), `expiration` (the
 * broker would act on it while the message waits), `priority` (before RabbitMQ 4.3 mixed priorities hold each other
 * up on the ladder), `delivery_mode` (always persistent).
 */
export function copiedProperties(
  input: { readonly message: IncomingMessage; readonly id: string | undefined; readonly task: string | undefined },
  headers: Readonly<Record<string, unknown>>,
): MessageProperties {
  const { properties } = input.message;
  return {
    type: input.task ?? text(properties.type),
    messageId: input.id,
    contentType: text(properties.contentType),
    contentEncoding: text(properties.contentEncoding),
    correlationId: text(properties.correlationId),
    replyTo: text(properties.replyTo),
    appId: text(properties.appId),
    timestamp: instant(properties.timestamp),
    headers,
  };
}

/** Seconds since 1970; a forged timestamp of all ones decodes to 2^64, which amqplib cannot write again. */
function instant(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** A short string of AMQP holds 255 bytes. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && Buffer.byteLength(value) <= 255 ? value : undefined;
}

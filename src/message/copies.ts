import { truncateBytes } from '../errors/describe-thrown';
import type { PayloadProblem } from '../errors/enqueue-errors';
import type { TaskFailure } from '../task/context';
import type { DeadLetterReason } from '../task/outcome';
import type { Envelope } from './envelope';
import { copyTrace, HEADER, headerOf, originalBody, textHeader, userHeaders } from './headers';
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
  return copiedProperties(input, headers);
}

/** What is held against a suspect, and for it. */
export interface Suspicion {
  /** Deaths of a worker that it may have caused. */
  readonly crashes: number;
  /** Deaths that were none. */
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

function commonHeaders(input: CopyInput): Record<string, unknown> {
  const { envelope, message } = input;
  const headers = userHeaders(message.properties.headers);
  headers[HEADER.attempt] = input.attempt;
  headers[HEADER.queue] = input.queue;
  if (input.firstAttemptAt !== undefined) headers[HEADER.firstAttemptAt] = input.firstAttemptAt;
  if (input.dueAt !== undefined) headers[HEADER.dueAt] = input.dueAt;
  if (envelope.expiresAt !== undefined) headers[HEADER.expiresAt] = envelope.expiresAt;
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

function copySchedule({ properties }: IncomingMessage, headers: Record<string, unknown>): void {
  const schedule = textHeader(properties.headers, HEADER.schedule);
  if (schedule === undefined) return;
  headers[HEADER.schedule] = schedule;
  if (headerOf(properties.headers, HEADER.awaited) === true) headers[HEADER.awaited] = true;
}

function copyCounts(message: IncomingMessage, headers: Record<string, unknown>): void {
  for (const name of [HEADER.replays, HEADER.replayedAt]) {
    const value = headerOf(message.properties.headers, name);
    if (typeof value === 'number') headers[name] = value;
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
  input: { readonly message: IncomingMessage; readonly id: string; readonly task: string | undefined },
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

import type { PayloadProblem } from '../errors/enqueue-errors';
import { readEnvelope, readFailures } from '../message/envelope';
import {
  HEADER,
  headerOf,
  integerHeader,
  originalBody,
  plainHeaders,
  readLeftOut,
  textHeader,
} from '../message/headers';
import { parsedJson } from '../message/json-text';
import { unreadableProblems } from '../message/unreadable-headers';
import type { IncomingMessage } from '../message/wire';
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../settlement/outcome';
import type { TaskFailure } from '../task/context';
import { MAX_INSTANT } from '../time/instant';

/** A message that finally failed, as it stands in a dead-letter queue. */
export interface DeadLetter {
  /** The task's id, or `undefined` where the sender gave none and the broker itself moved the message. */
  readonly id: string | undefined;
  /** The task's name as the message tells it. */
  readonly task: string | undefined;
  /** The home queue. */
  readonly queue: string;
  readonly reason: DeadLetterReason;
  /** The last attempt, 1-based. */
  readonly attempt: number;
  /** What went wrong at last, where an attempt failed. */
  readonly error: TaskFailure | undefined;
  /** Failures, oldest first; at most the last ten. */
  readonly failures: readonly TaskFailure[];
  /** What is wrong with the payload, for `undecodable` and `invalid-payload`; and with headers that could not be read. */
  readonly problems: readonly PayloadProblem[];
  readonly diedAt: Date | undefined;
  readonly enqueuedAt: Date | undefined;
  /** How often it was replayed before. */
  readonly replays: number;
  /** The payload before it was edited for a replay; the first one, where it was edited more than once. */
  readonly original: Buffer | undefined;
  /** The sender's own headers. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The names of the sender's headers that no copy could carry along, or not all of them: they are not in `headers`, or not whole. `undefined`: none. */
  readonly headersLeftOut: readonly string[] | undefined;
  readonly contentType: string | undefined;
  /**
   * The payload, decoded: `undefined` where it is not JSON. Not checked against the task's contract, and rounded where a
   * number has more digits than JavaScript keeps; `body` has all of them.
   */
  readonly payload: unknown;
  /** The payload as it came. */
  readonly body: Buffer;
}

/** Reasons that the broker gives in `x-death`, by our names: https://www.rabbitmq.com/docs/dlx#effects */
const BROKER_REASONS: ReadonlyMap<unknown, DeadLetterReason> = new Map([
  ['delivery_limit', 'delivery-limit'],
  ['expired', 'expired'],
  ['maxlen', 'overflow'],
  ['rejected', 'rejected'],
]);

const REASONS: ReadonlySet<string> = new Set(DEAD_LETTER_REASONS);

/** Reads a dead letter of a home queue. Anything may stand in it; what cannot be read is left out. */
export function readDeadLetter(homeQueue: string, message: IncomingMessage): DeadLetter {
  const { properties } = message;
  const { headers } = properties;
  const envelope = readEnvelope(message);
  const failures = readFailures(message);
  const death = lastDeath(headers);
  const leftOut = readLeftOut(headers);
  return Object.freeze({
    id: envelope.id,
    task: envelope.type,
    queue: homeQueue,
    reason: ownReason(headers) ?? BROKER_REASONS.get(death?.['reason']) ?? 'rejected',
    attempt: envelope.attempt,
    error: failures.at(-1),
    failures,
    problems: [...readProblems(headerOf(headers, HEADER.problems)), ...unreadableProblems(message)],
    diedAt: instant(integerHeader(headers, HEADER.deadAt, 0, MAX_INSTANT) ?? seconds(death?.['time'])),
    enqueuedAt: instant(seconds(properties.timestamp)),
    replays: integerHeader(headers, HEADER.replays, 0, Number.MAX_SAFE_INTEGER) ?? 0,
    original: originalBody(headers),
    headers: Object.freeze(plainHeaders(headers)),
    headersLeftOut: leftOut.length === 0 ? undefined : leftOut,
    contentType: properties.contentType,
    // Only where somebody asks: a filter passes over thousands of letters.
    get payload(): unknown {
      return parsedJson(message.body);
    },
    body: message.body,
  });
}

function ownReason(headers: IncomingMessage['properties']['headers']): DeadLetterReason | undefined {
  const reason = textHeader(headers, HEADER.reason);
  return reason !== undefined && REASONS.has(reason) ? (reason as DeadLetterReason) : undefined;
}

/** The newest entry of `x-death`, which the broker puts first. */
function lastDeath(headers: IncomingMessage['properties']['headers']): Readonly<Record<string, unknown>> | undefined {
  const deaths = headerOf(headers, 'x-death');
  const newest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  return typeof newest === 'object' && newest !== null ? (newest as Record<string, unknown>) : undefined;
}

function readProblems(header: unknown): readonly PayloadProblem[] {
  if (typeof header !== 'string' || header.length > 16_384) return [];
  try {
    const parsed: unknown = JSON.parse(header);
    return Array.isArray(parsed) ? parsed.filter(isProblem) : [];
  } catch {
    return [];
  }
}

function isProblem(value: unknown): value is PayloadProblem {
  if (typeof value !== 'object' || value === null) return false;
  const { path, rule, message } = value as Record<string, unknown>;
  return typeof path === 'string' && typeof rule === 'string' && typeof message === 'string';
}

/** AMQP timestamps are whole seconds; amqplib tags those inside headers. */
function seconds(value: unknown): number | undefined {
  const plain: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'value') : value;
  return typeof plain === 'number' && Number.isFinite(plain) ? plain * 1000 : undefined;
}

function instant(ms: number | undefined): Date | undefined {
  if (ms === undefined) return undefined;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

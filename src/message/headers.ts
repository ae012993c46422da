import type { MessageHeaders } from './wire';

/** Warren's own headers. None begins with `x-`: RabbitMQ 4.0 and newer ignore or own such headers. */
export const HEADER = Object.freeze({
  /** The attempt that this message is for, 1-based. Absent: the first. */
  attempt: 'warren-attempt',
  /** The home queue of a retry or dead-letter copy. */
  queue: 'warren-queue',
  /** When the first attempt began; milliseconds since 1970. */
  firstAttemptAt: 'warren-first-attempt-at',
  /** No attempt begins after this; milliseconds since 1970. */
  expiresAt: 'warren-expires-at',
  /** From when on it may be run, where it waited for that: a delay or a backoff; milliseconds since 1970. */
  dueAt: 'warren-due-at',
  /** Earlier failures as JSON text, oldest first. */
  failures: 'warren-failures',
  /** In a queue of suspects: how often the message had been out when a worker died, before it came there. */
  crashes: 'warren-crashes',
  /** When a worker first met the message that knew no task for it; milliseconds since 1970. Gone once one does. */
  unknownSince: 'warren-unknown-since',
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
/** Nested tables deeper than this are dropped: amqplib's decoder recurses, and a deep table closes the connection that reads it. */
const MAX_HEADER_DEPTH = 8;

/** Headers that the broker acts on or writes: copied, they would fan a retry out again or forge its history. */
const BROKER_OWNED =
  /^(?:CC|BCC|x-death|x-(?:first|last)-death-.*|x-delivery-count|x-acquired-count|x-delay|x-opt-.*|x-stream-.*|__proto__)$/i;

/** Whether a header may be a user's own, and so travels with copies. */
export function isUserHeader(name: string): boolean {
  return !name.startsWith('warren-') && !BROKER_OWNED.test(name) && name !== '' && Buffer.byteLength(name) <= 128;
}

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

/** The sender's own headers that can travel: safe names and values, in order, up to the budget. Without a prototype. */
export function userHeaders(headers: MessageHeaders | undefined): Record<string, unknown> {
  const kept: Record<string, unknown> = Object.create(null);
  if (headers === undefined) return kept;
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    if (!isUserHeader(name)) continue;
    const value = headerValue(headers[name], 0);
    if (value === undefined) continue;
    bytes += 1 + Buffer.byteLength(name) + valueBytes(value);
    if (bytes > MAX_USER_HEADER_BYTES) break;
    kept[name] = value;
  }
  return kept;
}

/** Why headers of an `enqueue` call cannot be sent as they are; empty where they can. */
export function headerProblems(headers: MessageHeaders): readonly string[] {
  const problems: string[] = [];
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    // What travels is counted, not what was given: that could hold itself.
    const value = headerValue(headers[name], 0);
    if (!isUserHeader(name)) problems.push(`header "${name}" is reserved for Warren or the broker`);
    else if (value === undefined) {
      problems.push(
        `header "${name}" must be a string, a finite number, a boolean, null, a Buffer, or an array or plain object of these`,
      );
    } else bytes += 1 + Buffer.byteLength(name) + valueBytes(value);
  }
  if (bytes > MAX_USER_HEADER_BYTES)
    problems.push(`headers have about ${bytes} bytes, at most ${MAX_USER_HEADER_BYTES} are allowed`);
  return problems;
}

const whole =
  (min: number, max: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

const isUint8 = whole(0, 255);
const isUint32 = whole(0, 2 ** 32 - 1);

function isDecimal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { places, digits } = value as Record<string, unknown>;
  return isUint8(places) && isUint32(digits);
}

/** AMQP types that amqplib encodes from a tagged object, and the values that it can encode: beyond them it throws. */
const TAGGED_TYPES: ReadonlyMap<unknown, (value: unknown) => boolean> = new Map([
  // 64 bits: the largest doubles below 2^64 and 2^63. A timestamp of all ones decodes to 2^64 itself.
  ['timestamp', whole(0, 2 ** 64 - 2 ** 11)],
  ['long', whole(-(2 ** 63), 2 ** 63 - 2 ** 10)],
  ['int', whole(-(2 ** 31), 2 ** 31 - 1)],
  ['short', whole(-(2 ** 15), 2 ** 15 - 1)],
  ['byte', whole(-128, 127)],
  ['float', Number.isFinite],
  ['double', Number.isFinite],
  ['decimal', isDecimal],
]);

/** A value that every client can encode again, or `undefined`. */
function headerValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? numberValue(value) : undefined;
    case 'object':
      return value === null || Buffer.isBuffer(value) ? value : compoundValue(value, depth);
    default:
      return undefined;
  }
}

/** amqplib takes these for 64-bit integers, and throws since they are none; named as doubles, they can be encoded. */
function numberValue(value: number): unknown {
  const mistaken = value < -(2 ** 63) || (Math.abs(value) >= 2 ** 50 && !Number.isInteger(value));
  return mistaken ? { '!': 'double', value } : value;
}

function compoundValue(value: object, depth: number): unknown {
  if (depth >= MAX_HEADER_DEPTH) return undefined;
  if (Array.isArray(value)) return value.map((item) => headerValue(item, depth + 1) ?? null);
  if (value instanceof Date) return taggedValue({ '!': 'timestamp', value: Math.floor(value.getTime() / 1000) });
  if (Object.hasOwn(value, '!')) return taggedValue(value as { readonly '!': unknown; readonly value?: unknown });
  const table: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) {
    if (Buffer.byteLength(key) > 128 || key === '__proto__') continue;
    const item = headerValue((value as Record<string, unknown>)[key], depth + 1);
    if (item !== undefined) table[key] = item;
  }
  return table;
}

/** amqplib reads `{ '!': type, value }` as an instruction; a forged one must not reach its encoder. */
function taggedValue(tagged: { readonly '!': unknown; readonly value?: unknown }): unknown {
  return TAGGED_TYPES.get(tagged['!'])?.(tagged.value) === true ? { '!': tagged['!'], value: tagged.value } : undefined;
}

/** About how many bytes a value takes on the wire. */
function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (Buffer.isBuffer(value)) return 5 + value.length;
  if (typeof value !== 'object' || value === null) return 9;
  let bytes = 5;
  for (const [key, item] of Object.entries(value)) bytes += 1 + Buffer.byteLength(key) + valueBytes(item);
  return bytes;
}

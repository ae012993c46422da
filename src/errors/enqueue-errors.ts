import { type StoredAfter, WarrenError } from './warren-error';

/** One thing that is wrong with a payload. */
export interface PayloadProblem {
  /** Where, as a path from the payload's root: `items[2].sku`. The root itself is `(payload)`. */
  readonly path: string;
  /** Which rule was broken: a class-validator constraint such as `isEmail`, or `unknownKey`, `missing`, `type`, `json`. */
  readonly rule: string;
  /** What was expected, in words. Never holds the value. */
  readonly message: string;
}

const describeProblems = (problems: readonly PayloadProblem[]): string =>
  problems.map((p) => `${p.path}: ${p.message}`).join('; ');

/** Raised when a payload does not fit its task's contract. Nothing was sent. */
export class InvalidPayloadError extends WarrenError {
  readonly code = 'INVALID_PAYLOAD';
  readonly stored: StoredAfter = 'no';
  /**
   * What Nest, Fastify and Express answer where a request handler lets the error through: the payload, which usually
   * comes from the request, is wrong.
   */
  readonly statusCode = 400;

  constructor(
    readonly task: string,
    readonly problems: readonly PayloadProblem[],
  ) {
    super(`The payload of task "${task}" is invalid: ${describeProblems(problems)}`);
  }
}

/**
 * Raised when the options of one call are wrong: of `enqueue`, or of a method of `deadLetters`. Nothing was sent, and no
 * letter was touched.
 */
export class InvalidOptionsError extends WarrenError {
  readonly code = 'INVALID_OPTIONS';
  readonly stored: StoredAfter = 'no';

  /**
   * @param task - the task that was to be enqueued; `undefined` for other calls.
   * @param action - what cannot be done.
   */
  constructor(
    readonly task: string | undefined,
    readonly problems: readonly string[],
    action = `enqueue task "${task}"`,
  ) {
    super(`Cannot ${action}: ${problems.join('; ')}`);
  }
}

/** Raised when a message is larger, deeper or wider than its budget. Nothing was sent. */
export class MessageLimitError extends WarrenError {
  readonly code = 'MESSAGE_LIMIT';
  readonly stored: StoredAfter = 'no';

  constructor(
    readonly task: string,
    readonly limit: string,
  ) {
    super(
      `The message of task "${task}" is refused: ${limit}. Store large data elsewhere and enqueue a reference to it, or raise the limit in the options ("limits").`,
    );
  }
}

/** Raised when a task is asked for that nothing defines. */
export class UnknownTaskError extends WarrenError {
  readonly code = 'UNKNOWN_TASK';
  readonly stored: StoredAfter = 'no';

  constructor(
    readonly task: string,
    remedy: string,
  ) {
    super(`Unknown task "${task}". ${remedy}`);
  }
}

/** Where a message was to go; every publish error says it. */
export interface PublishTarget {
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageId: string | undefined;
}

const where = (t: PublishTarget): string =>
  t.exchange === '' ? `queue "${t.routingKey}"` : `exchange "${t.exchange}" with routing key "${t.routingKey}"`;

const which = (t: PublishTarget): string => (t.messageId === undefined ? 'The message' : `Message ${t.messageId}`);

/** Raised when the broker took the message but no queue was there for it. It was not stored. */
export class UnroutableError extends WarrenError {
  readonly code = 'UNROUTABLE';
  readonly stored: StoredAfter = 'no';

  constructor(
    readonly target: PublishTarget,
    readonly replyText: string,
  ) {
    super(
      `${which(target)} reached no queue: ${where(target)} (${replyText}). Start a worker that declares the queue once, or apply the topology, before enqueuing.`,
    );
  }
}

/** Raised when the broker refused the message with a nack, usually because the queue is full. It was not stored. */
export class NackedError extends WarrenError {
  readonly code = 'NACKED';
  readonly stored: StoredAfter = 'no';

  constructor(readonly target: PublishTarget) {
    super(
      `${which(target)} was refused (basic.nack) by ${where(target)}: its queue is full (x-max-length with reject-publish) or has lost its majority.`,
    );
  }
}

/** Raised when this one publish made the broker close the channel: the exchange is missing, or permission is. It was not stored. */
export class PublishRefusedError extends WarrenError {
  readonly code = 'PUBLISH_REFUSED';
  readonly stored: StoredAfter = 'no';

  constructor(
    readonly target: PublishTarget,
    readonly replyCode: number,
    replyText: string,
  ) {
    super(`${which(target)} was refused by the broker for ${where(target)}: ${replyCode} ${replyText}`);
  }
}

/** Raised when no confirm came in time. **Whether the broker stored the message is unknown**: enqueue again with the same `id` and let the handler be idempotent. */
export class PublishTimeoutError extends WarrenError {
  readonly code = 'PUBLISH_TIMEOUT';
  readonly stored: StoredAfter = 'unknown';

  constructor(
    readonly target: PublishTarget,
    readonly timeoutMs: number,
  ) {
    super(
      `${which(target)} was not confirmed within ${timeoutMs} ms by ${where(target)}. Whether it was stored is unknown: enqueue it again with the same id.`,
    );
  }
}

/**
 * Raised when the broker holds back publishers (memory or disk alarm) for longer than the publish timeout. Mostly the
 * message was not sent. **One that was sent before the alarm was told may still be stored, when it ends**: see `sent`.
 */
export class BrokerBlockedError extends WarrenError {
  readonly code = 'BROKER_BLOCKED';
  readonly stored: StoredAfter;

  constructor(
    readonly target: PublishTarget,
    readonly reason: string,
    /** Whether it left this process. Then whether it is stored is unknown; otherwise it is not. */
    readonly sent: boolean,
  ) {
    super(
      sent
        ? `${which(target)} was not confirmed in time by ${where(target)}: the broker blocks publishers (${reason}). Whether it is stored when the alarm ends is unknown: enqueue it again with the same id.`
        : `${which(target)} was not sent in time: the broker blocks publishers (${reason}). Free memory or disk on the broker; the alarm then ends by itself.`,
    );
    this.stored = sent ? 'unknown' : 'no';
  }
}

/** The option that said no, and what it is set to. */
export type WaitingLimit = { readonly maxWaiting: number } | { readonly maxPendingBytes: number };

/**
 * Raised at once when `maxWaiting` messages already wait to be published, or `maxPendingBytes` of payloads are on their way:
 * this one would be kept in memory, too. It was not sent.
 */
export class TooManyWaitingError extends WarrenError {
  readonly code = 'TOO_MANY_WAITING';
  readonly stored: StoredAfter = 'no';

  constructor(
    readonly target: PublishTarget,
    readonly limit: WaitingLimit,
    reason: string,
    /** The payload's size, where it alone is beyond `maxPendingBytes`. */
    bytes?: number,
  ) {
    const [kept, option] =
      'maxWaiting' in limit
        ? [`${limit.maxWaiting} messages wait to be published already`, 'maxWaiting']
        : [`payloads of nearly ${limit.maxPendingBytes} bytes are on their way already`, 'maxPendingBytes'];
    super(
      bytes === undefined
        ? `${which(target)} was not sent: ${kept}, since ${reason}. Enqueue more slowly, wait for what was enqueued, or raise "${option}".`
        : `${which(target)} was not sent: its payload alone has ${bytes} bytes, more than "${option}" allows. Store large data elsewhere and enqueue a reference to it, or raise "${option}".`,
    );
  }
}

/** Raised when the connection is closed, or went away for longer than the publish timeout, before the message was confirmed. */
export class ConnectionClosedError extends WarrenError {
  readonly code = 'CONNECTION_CLOSED';
  readonly stored: StoredAfter = 'unknown';

  constructor(reason: string, options?: { readonly cause?: unknown }) {
    super(`No connection to the broker: ${reason}`, options);
  }
}

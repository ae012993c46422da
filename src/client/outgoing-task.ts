import { InvalidPayloadError, MessageLimitError, type PayloadProblem } from '../errors/enqueue-errors';
import { HEADER, userHeaders } from '../message/headers';
import type { MessageProperties, OutgoingMessage } from '../message/wire';
import type { QueueType } from '../task/definition';
import type { EnqueueOptions } from '../task/enqueue-options';
import { ladderMs, route } from '../topology/ladder';
import { type ResolvedEnqueueOptions, resolveEnqueueOptions } from './enqueue-options';
import type { EncodedPayload, SentTask } from './sent-task';
import { newTaskId } from './task-id';

/** A task that is ready to be published, and how long that may take. */
export interface OutgoingTask {
  readonly id: string;
  readonly message: OutgoingMessage;
  readonly delayMs: number;
  readonly timeoutMs: number | undefined;
}

export interface OutgoingContext {
  readonly appId: string;
  readonly contentType: string;
}

/**
 * Validates, encodes and addresses one task. No I/O yet: whatever is wrong with it is told before anything is sent.
 *
 * @throws InvalidPayloadError, InvalidOptionsError, MessageLimitError
 */
export function outgoingTask(
  task: SentTask,
  payload: unknown,
  options: EnqueueOptions | undefined,
  context: OutgoingContext,
  now: number,
): OutgoingTask | Promise<OutgoingTask> {
  const resolved = resolveEnqueueOptions(task.name, options, now);
  const encoded = task.encode(payload);
  return encoded instanceof Promise
    ? encoded.then((late) => addressed(task, late, resolved, context, now))
    : addressed(task, encoded, resolved, context, now);
}

function addressed(
  task: SentTask,
  encoded: EncodedPayload,
  options: ResolvedEnqueueOptions,
  context: OutgoingContext,
  now: number,
): OutgoingTask {
  if (!encoded.ok) throw refusal(task, encoded.problems);
  const id = options.id ?? newTaskId(now);
  const { exchange, routingKey } = route(task.queue, options.delayMs, 'exact');
  return {
    id,
    message: { exchange, routingKey, body: encoded.body, properties: properties(task, id, options, context, now) },
    delayMs: options.delayMs,
    timeoutMs: options.timeoutMs,
  };
}

function refusal(task: SentTask, problems: readonly PayloadProblem[]): Error {
  const limit = problems.find(({ rule }) => rule === 'limit');
  return limit === undefined
    ? new InvalidPayloadError(task.name, problems)
    : new MessageLimitError(task.name, limit.message);
}

function properties(
  { name: type, queueType }: SentTask,
  messageId: string,
  options: ResolvedEnqueueOptions,
  { appId, contentType }: OutgoingContext,
  now: number,
): MessageProperties {
  const delayed = options.delayMs > 0;
  return {
    type,
    messageId,
    contentType,
    appId,
    timestamp: Math.floor(now / 1000),
    correlationId: options.correlationId,
    // Mixed priorities hold each other up on the ladder before RabbitMQ 4.3, and an expiration would end the wait there.
    priority: delayed ? undefined : wirePriority(options.priority, queueType),
    expiration: delayed || options.expiresInMs === undefined ? undefined : String(Math.ceil(options.expiresInMs)),
    headers: ownHeaders(options, now),
  };
}

function ownHeaders(
  { headers, expiresInMs, delayMs }: ResolvedEnqueueOptions,
  now: number,
): MessageProperties['headers'] {
  if (headers === undefined && expiresInMs === undefined && delayMs === 0) return undefined;
  const own = userHeaders(headers);
  if (delayMs > 0) own[HEADER.dueAt] = Math.ceil(now + ladderMs(delayMs, 'exact'));
  if (expiresInMs !== undefined) own[HEADER.expiresAt] = Math.ceil(now + expiresInMs);
  return own;
}

/** What RabbitMQ 4.3 takes a message of a quorum queue for that names no priority; above it are the high ones of 4.0 to 4.2. */
const QUORUM_DEFAULT_PRIORITY = 4;
const MAX_PRIORITY = 255;

/**
 * The priority as the broker is to read it: 0 is that of a message without one, and higher goes first. In a quorum queue,
 * 1 to 4 would go behind, or beside, messages without a priority. In a classic queue a message without one has 0.
 *
 * @see docs/look-up/wire-format.md
 */
export function wirePriority(priority: number | undefined, queueType: QueueType): number | undefined {
  if (priority === undefined || priority === 0) return undefined;
  return queueType === 'classic' ? priority : Math.min(priority + QUORUM_DEFAULT_PRIORITY, MAX_PRIORITY);
}

import { InvalidPayloadError, MessageLimitError, type PayloadProblem } from '../errors/enqueue-errors';
import { HEADER, userHeaders } from '../message/headers';
import type { MessageProperties, OutgoingMessage } from '../message/wire';
import { route } from '../topology/ladder';
import { type EnqueueOptions, type ResolvedEnqueueOptions, resolveEnqueueOptions } from './enqueue-options';
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
    message: { exchange, routingKey, body: encoded.body, properties: properties(task.name, id, options, context, now) },
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
  type: string,
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
    priority: delayed ? undefined : options.priority,
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
  if (delayMs > 0) own[HEADER.dueAt] = Math.ceil(now + delayMs);
  if (expiresInMs !== undefined) own[HEADER.expiresAt] = Math.ceil(now + expiresInMs);
  return own;
}

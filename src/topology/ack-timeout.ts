import type { QueueDefinition, QueueType } from '../task/definition';
import { DAY, MINUTE } from '../time/duration';

/** RabbitMQ's `consumer_timeout` where nobody has set it, since 3.8.17: https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout */
export const DEFAULT_ACK_TIMEOUT_MS = 30 * MINUTE;
/** The broker waits by a timer of Erlang, which has 32 bits of milliseconds. Stands for no limit. */
const MAX_ACK_TIMEOUT_MS = 49 * DAY;
/** Of each attempt, beside its timeout and its publish: a slot that is not free yet, a pause after a failed publish, a busy event loop. */
const ROOM_MS = MINUTE;

/**
 * How long a delivery may be out before it is settled: it waits behind those that the prefetch lets in before it, then
 * runs up to its timeout, then its copy is published. `Infinity` when a task has no timeout.
 *
 * @param timeoutsMs - of the tasks of the queue; 0: no limit.
 */
export function longestUnsettledMs(
  { concurrency, prefetch }: Pick<QueueDefinition, 'concurrency' | 'prefetch'>,
  timeoutsMs: readonly number[],
  publishTimeoutMs: number,
): number {
  if (timeoutsMs.includes(0)) return Number.POSITIVE_INFINITY;
  const attemptMs = Math.max(0, ...timeoutsMs) + publishTimeoutMs + ROOM_MS;
  return Math.ceil(prefetch / concurrency) * attemptMs;
}

/** `x-consumer-timeout` for a consumer whose deliveries may be out for so long. */
export function ackTimeoutArgument(longestMs: number): number {
  // A fraction is no integer of AMQP's: the broker refuses the consumer (406).
  return Math.ceil(Math.min(longestMs, MAX_ACK_TIMEOUT_MS));
}

/**
 * What bounds the time that a delivery may be out: nothing; what its consumer asks for (quorum queues since RabbitMQ 4.3);
 * or the broker's own setting, which AMQP does not tell.
 */
export type AckLimit = 'none' | 'by-consumer' | 'by-broker';

/** @param version - RabbitMQ's; may be `unknown`. */
export function ackLimit(version: string, type: QueueType): AckLimit {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (!(major > 4 || (major === 4 && minor >= 3))) return 'by-broker';
  return type === 'quorum' ? 'by-consumer' : 'none';
}

import type { QueueDefinition, QueueType } from '../task/definition';
import { DELAY_UNIT_MS, exchangeBelow } from './ladder';
import { DEAD_EXCHANGE } from './names';
import { RECOMMENDED_DISCONNECTED_TIMEOUT_MS } from './node-loss';
import type { Arguments } from './topology';

/** RabbitMQ's own default since 4.0, said aloud: before 4.0 there is none. */
const HOME_DELIVERY_LIMIT = 20;
/**
 * For queues that people read. Peeking counts as a delivery before RabbitMQ 4.3; `-1` (no limit) makes 3.x drop the
 * message at the first requeue; and an argument that hangs on the version is a 406 after an upgrade.
 */
const KEPT_DELIVERY_LIMIT = 1_000_000;

/** Dead letters wait in the queue until their next one has confirmed them. RabbitMQ does so only together with `reject-publish`. */
const AT_LEAST_ONCE: Arguments = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/** Arguments of a home queue. RabbitMQ answers 406 to those that belong to the other type of queue. */
export function homeQueueArguments({ name, type, maxPriority }: QueueDefinition): Arguments {
  const deadLetters: Arguments = { 'x-dead-letter-exchange': DEAD_EXCHANGE, 'x-dead-letter-routing-key': name };
  if (type === 'classic') {
    const priority: Arguments = maxPriority === undefined ? {} : { 'x-max-priority': maxPriority };
    return { 'x-queue-type': 'classic', ...deadLetters, ...priority };
  }
  return { 'x-queue-type': 'quorum', ...deadLetters, ...AT_LEAST_ONCE, 'x-delivery-limit': HOME_DELIVERY_LIMIT };
}

/** Arguments of a queue of suspects: a home queue that counts its failed deliveries, which a classic one does not. */
export function suspectQueueArguments(queue: QueueDefinition): Arguments {
  return homeQueueArguments({ ...queue, type: 'quorum', maxPriority: undefined });
}

/** Arguments of a queue where messages stay until somebody reads them: dead letters, and delayed ones without a home. */
export function keptQueueArguments(type: QueueType): Arguments {
  if (type === 'classic') return { 'x-queue-type': 'classic' };
  return { 'x-queue-type': 'quorum', 'x-delivery-limit': KEPT_DELIVERY_LIMIT };
}

/** Arguments of the queue that a replay goes through: what is rejected there, the broker itself brings home. */
export function replayQueueArguments(homeQueue: string): Arguments {
  return {
    'x-queue-type': 'quorum',
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': homeQueue,
    ...AT_LEAST_ONCE,
    'x-delivery-limit': KEPT_DELIVERY_LIMIT,
  };
}

/** Arguments of the queue of schedules. A state that comes back is written anew by whoever gets it, so that nothing counts up. */
export const SCHEDULES_ARGUMENTS: Arguments = Object.freeze({
  'x-queue-type': 'quorum',
  'x-single-active-consumer': true,
  'x-delivery-limit': KEPT_DELIVERY_LIMIT,
  // Known since RabbitMQ 4.3; before, ignored, and the queue's all the same after an upgrade.
  'x-consumer-disconnected-timeout': RECOMMENDED_DISCONNECTED_TIMEOUT_MS,
});

/** Arguments of the queue that keeps one message: the latest. */
export const SCHEDULES_VIEW_ARGUMENTS: Arguments = Object.freeze({
  'x-queue-type': 'quorum',
  'x-max-length': 1,
  'x-overflow': 'drop-head',
  'x-delivery-limit': KEPT_DELIVERY_LIMIT,
});

/** Arguments of one level of the ladder. No dead-letter routing key: the message's own key must survive every hop. */
export function levelQueueArguments(level: number): Arguments {
  return {
    'x-queue-type': 'quorum',
    'x-message-ttl': DELAY_UNIT_MS * 2 ** level,
    'x-dead-letter-exchange': exchangeBelow(level),
    ...AT_LEAST_ONCE,
  };
}

import { assertNever } from '../../errors/assert-never';
import type { TracedDelivery, TracedReplay, TracedSend, TracedSettlement } from '../../events/tracer';
import type { IncomingMessage } from '../../message/wire';
import type { TaskOutcome } from '../../settlement/outcome';

/** The values of span attributes. */
export type Attributes = Record<string, string | number | boolean>;

/** Names by the semantic conventions for messaging and RabbitMQ, 1.45.0 (status: development), and Warren's own. */
export const ATTRIBUTE = Object.freeze({
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  destinationTemplate: 'messaging.destination.template',
  routingKey: 'messaging.rabbitmq.destination.routing_key',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  bodySize: 'messaging.message.body.size',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  task: 'warren.task',
  attempt: 'warren.attempt',
  maxAttempts: 'warren.max_attempts',
  redelivered: 'warren.redelivered',
  outcome: 'warren.outcome',
  delayMs: 'warren.delay_ms',
  nextAttempt: 'warren.next_attempt',
  reason: 'warren.reason',
  crashes: 'warren.crashes',
  replays: 'warren.replays',
} as const);

/** What is the same for all spans of one app. */
export function serverAttributes(address: string): Attributes {
  if (address.startsWith('memory:')) return { [ATTRIBUTE.system]: 'memory' };
  const rabbitmq: Attributes = { [ATTRIBUTE.system]: 'rabbitmq' };
  if (!URL.canParse(address)) return rabbitmq;
  const { protocol, hostname, port } = new URL(address);
  rabbitmq[ATTRIBUTE.serverAddress] = hostname;
  rabbitmq[ATTRIBUTE.serverPort] = port === '' ? (protocol === 'amqps:' ? 5671 : 5672) : Number(port);
  return rabbitmq;
}

/** What an operation is called, by the conventions: its own name, and its type. */
export interface Operation {
  readonly name: string;
  readonly type: 'send' | 'process' | 'settle';
}

/**
 * What is the same for every message of a queue. The destination of a task is its home queue even where it waits on the
 * delay ladder before: the ladder's routing keys are numbers in binary, and would make a destination of every delay.
 */
export function operationAttributes({ name, type }: Operation, queue: string): Attributes {
  return {
    [ATTRIBUTE.operationName]: name,
    [ATTRIBUTE.operationType]: type,
    [ATTRIBUTE.destination]: queue,
    [ATTRIBUTE.routingKey]: queue,
  };
}

export function sendAttributes({ task, delayMs, message }: TracedSend): Attributes {
  const attributes = messageAttributes(message.properties.messageId, message.body.length);
  const { correlationId } = message.properties;
  attributes[ATTRIBUTE.task] = task;
  if (correlationId !== undefined) attributes[ATTRIBUTE.conversationId] = correlationId;
  if (delayMs > 0) attributes[ATTRIBUTE.delayMs] = delayMs;
  return attributes;
}

export function replayAttributes({ message }: TracedReplay, replays: number): Attributes {
  const attributes = messageAttributes(message.properties.messageId, message.body.length);
  if (message.properties.type !== undefined) attributes[ATTRIBUTE.task] = message.properties.type;
  attributes[ATTRIBUTE.replays] = replays;
  return attributes;
}

export function processAttributes(delivery: TracedDelivery): Attributes {
  const { definition, envelope, id, message, queue } = delivery;
  const attributes = messageAttributes(id, message.body.length);
  const { correlationId } = message.properties;
  attributes[ATTRIBUTE.attempt] = envelope.attempt;
  if (definition !== undefined) {
    attributes[ATTRIBUTE.task] = definition.name;
    attributes[ATTRIBUTE.maxAttempts] = definition.retry.maxAttempts;
  }
  if (typeof correlationId === 'string') attributes[ATTRIBUTE.conversationId] = correlationId;
  if (message.redelivered) attributes[ATTRIBUTE.redelivered] = true;
  addOrigin(attributes, queue, envelope);
  return attributes;
}

/** A message of others keeps where it was published to; its queue, which is one of few, names the span. */
function addOrigin(
  attributes: Attributes,
  queue: string,
  { exchange, routingKey }: Pick<IncomingMessage, 'exchange' | 'routingKey'>,
): void {
  if (exchange === '' || exchange.startsWith('warren.')) return;
  attributes[ATTRIBUTE.destination] = [exchange, routingKey, queue]
    .filter((part, index, parts) => part !== '' && parts.indexOf(part) === index)
    .join(':');
  attributes[ATTRIBUTE.destinationTemplate] = queue;
  if (routingKey !== '') attributes[ATTRIBUTE.routingKey] = routingKey;
}

export function settleAttributes({ id, envelope }: TracedDelivery, settlement: TracedSettlement): Attributes {
  const attributes = messageAttributes(id, undefined);
  attributes[ATTRIBUTE.attempt] = envelope.attempt;
  switch (settlement.kind) {
    case 'retry':
      attributes[ATTRIBUTE.delayMs] = settlement.delayMs;
      attributes[ATTRIBUTE.nextAttempt] = settlement.nextAttempt;
      break;
    case 'dead-letter':
      attributes[ATTRIBUTE.reason] = settlement.reason;
      break;
    case 'isolate':
      attributes[ATTRIBUTE.crashes] = settlement.crashes;
      break;
    case 'ack':
    case 'requeue':
      break;
    default:
      return assertNever(settlement);
  }
  return attributes;
}

/** `ack`, `retry`, `snooze`, `dead-letter`, `requeue` or `isolate`. */
export const settlementName = (settlement: TracedSettlement): string =>
  settlement.kind === 'retry' && settlement.keepsAttempt ? 'snooze' : settlement.kind;

function messageAttributes(id: string | undefined, bodyBytes: number | undefined): Attributes {
  const attributes: Attributes = {};
  if (id !== undefined) attributes[ATTRIBUTE.messageId] = id;
  if (bodyBytes !== undefined) attributes[ATTRIBUTE.bodySize] = bodyBytes;
  return attributes;
}

/** What an outcome says of its attempt, where it is a failure. */
export type Failure = { readonly error: unknown } | { readonly type: string } | undefined;

export function failureOf(outcome: TaskOutcome): Failure {
  switch (outcome.kind) {
    case 'failed':
    case 'retry':
    case 'gave-up':
    case 'timed-out':
      return { error: outcome.error };
    case 'rejected':
      return { type: outcome.reason };
    case 'unknown-task':
      return { type: 'unknown-task' };
    case 'crash-looped':
      return { type: 'crash-loop' };
    case 'completed':
    case 'snoozed':
    case 'discarded':
    case 'interrupted':
      return undefined;
    default:
      return assertNever(outcome);
  }
}

import { ConfigurationError } from '../errors/configuration-error';
import type { QueueType } from '../task/definition';
import type { Arguments, QueueSpec } from '../topology/topology';

/** What the arguments of a queue mean. */
export interface QueueSettings {
  readonly type: QueueType;
  /** `Infinity`: messages do not expire by themselves. */
  readonly messageTtlMs: number;
  /** Ready messages at most. */
  readonly maxLength: number;
  readonly maxLengthBytes: number;
  readonly overflow: Overflow;
  /** Failed deliveries that a message survives; `Infinity`: any number, as in classic queues, which count none. */
  readonly deliveryLimit: number;
  readonly deadLetters: DeadLetterSettings | undefined;
  /** One consumer is served; the next one when that is gone. */
  readonly singleActive: boolean;
  /** The highest priority; what is above counts as this. */
  readonly maxPriority: number;
  /** Of a message that names none. */
  readonly defaultPriority: number;
}

export interface DeadLetterSettings {
  readonly exchange: string;
  /** `undefined`: a dead letter keeps its keys. */
  readonly routingKey: string | undefined;
  /** Whether a dead letter stays here until another queue has it. */
  readonly atLeastOnce: boolean;
}

export type Overflow = 'drop-head' | 'reject-publish';

/** RabbitMQ's default since 4.0. */
const DEFAULT_DELIVERY_LIMIT = 20;
/** Quorum queues have these without being asked, since 4.3. */
const QUORUM_PRIORITIES = { maxPriority: 31, defaultPriority: 4 };

const QUORUM_ONLY: ReadonlySet<string> = new Set([
  'x-delivery-limit',
  'x-dead-letter-strategy',
  'x-quorum-initial-group-size',
]);
const CLASSIC_ONLY: ReadonlySet<string> = new Set(['x-max-priority']);
/** Refused rather than ignored: a queue that does less than it was asked to would mislead. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'x-expires',
  'x-consumer-timeout',
  'x-delayed-retry-type',
  'x-delayed-retry-min',
  'x-delayed-retry-max',
]);

/**
 * Reads the arguments of a queue. Those that nobody knows are ignored, as RabbitMQ does.
 *
 * @throws ConfigurationError naming everything that RabbitMQ 4.3 would refuse, and what this broker does not have.
 */
export function parseQueueSettings({ name, arguments: args }: QueueSpec): QueueSettings {
  const reader = new ArgumentReader(name, args);
  const type = reader.choice('x-queue-type', ['classic', 'quorum'], 'classic');
  reader.refuseForeign(type);
  const overflow = reader.choice('x-overflow', ['drop-head', 'reject-publish'], 'drop-head');
  const settings: QueueSettings = {
    type,
    messageTtlMs: reader.count('x-message-ttl', Number.POSITIVE_INFINITY),
    maxLength: reader.count('x-max-length', Number.POSITIVE_INFINITY),
    maxLengthBytes: reader.count('x-max-length-bytes', Number.POSITIVE_INFINITY),
    overflow,
    deliveryLimit: type === 'quorum' ? reader.deliveryLimit() : Number.POSITIVE_INFINITY,
    deadLetters: reader.deadLetters(overflow),
    singleActive: reader.flag('x-single-active-consumer'),
    ...(type === 'quorum' ? QUORUM_PRIORITIES : { maxPriority: reader.maxPriority(), defaultPriority: 0 }),
  };
  if (reader.problems.length > 0) throw new ConfigurationError(reader.problems);
  return Object.freeze(settings);
}

class ArgumentReader {
  readonly problems: string[] = [];

  constructor(
    private readonly queue: string,
    private readonly args: Arguments,
  ) {}

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.args[name];
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined)
      this.#refuse(name, `expected ${choices.map((c) => `"${c}"`).join(' or ')} in the embedded broker`);
    return found ?? fallback;
  }

  count(name: string, fallback: number): number {
    const value = this.args[name];
    if (value === undefined) return fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
    this.#refuse(name, 'expected a whole number from 0');
    return fallback;
  }

  flag(name: string): boolean {
    const value = this.args[name];
    if (value === undefined || typeof value === 'boolean') return value === true;
    this.#refuse(name, 'expected true or false');
    return false;
  }

  /** Below 0 means none, since RabbitMQ 4.0. */
  deliveryLimit(): number {
    const value = this.args['x-delivery-limit'];
    if (typeof value === 'number' && Number.isInteger(value) && value < 0) return Number.POSITIVE_INFINITY;
    return this.count('x-delivery-limit', DEFAULT_DELIVERY_LIMIT);
  }

  maxPriority(): number {
    const value = this.count('x-max-priority', 0);
    if (value > 255) this.#refuse('x-max-priority', 'expected at most 255');
    return Math.min(value, 255);
  }

  deadLetters(overflow: Overflow): DeadLetterSettings | undefined {
    const exchange = this.#text('x-dead-letter-exchange');
    const routingKey = this.#text('x-dead-letter-routing-key');
    const strategy = this.choice('x-dead-letter-strategy', ['at-most-once', 'at-least-once'], 'at-most-once');
    if (exchange === undefined) {
      if (routingKey !== undefined) this.#refuse('x-dead-letter-routing-key', 'it needs x-dead-letter-exchange');
      return undefined;
    }
    // RabbitMQ falls back to at-most-once with the other overflow, and only logs it.
    return { exchange, routingKey, atLeastOnce: strategy === 'at-least-once' && overflow === 'reject-publish' };
  }

  /** RabbitMQ answers 406 to an argument that belongs to another type of queue. */
  refuseForeign(type: QueueType): void {
    const foreign = type === 'quorum' ? CLASSIC_ONLY : QUORUM_ONLY;
    for (const name of Object.keys(this.args)) {
      if (foreign.has(name)) this.#refuse(name, `RabbitMQ refuses it for ${type} queues`);
      if (UNSUPPORTED.has(name)) this.#refuse(name, 'the embedded broker does not support it; use RabbitMQ');
    }
  }

  #text(name: string): string | undefined {
    const value = this.args[name];
    if (value === undefined || typeof value === 'string') return value;
    this.#refuse(name, 'expected a string');
    return undefined;
  }

  #refuse(name: string, why: string): void {
    this.problems.push(`the queue "${this.queue}" cannot have ${name} = ${JSON.stringify(this.args[name])}: ${why}`);
  }
}

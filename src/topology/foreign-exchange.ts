import type { ExchangeType, QueueBinding } from '../task/definition';
import type { ExchangeSpec } from './topology';

/** The exchanges that every vhost is born with. */
const PREDECLARED: ReadonlyMap<string, ExchangeType> = new Map([
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
  ['amq.topic', 'topic'],
  ['amq.rabbitmq.trace', 'topic'],
]);

/** The type of an exchange that stands in every vhost, or `undefined` for any other name. */
export function predeclaredType(exchange: string): ExchangeType | undefined {
  return PREDECLARED.get(exchange);
}

/**
 * The exchange that a home queue is bound to.
 *
 * Names that begin with `amq.` are only looked for. RabbitMQ would take a declaration equal to its own, but refuses any other
 * (403), asks for the permission to configure `amq.*`, which no worker should need, and skips them when definitions are imported.
 */
export function foreignExchange({ exchange, type, declare }: QueueBinding): ExchangeSpec {
  return { name: exchange, type, arguments: {}, declare: declare && !exchange.startsWith('amq.') };
}

/**
 * The key of a binding as the exchange reads it. Fanout and headers exchanges do not read it: two bindings that differ by
 * it alone are one. (Without arguments, a binding to a headers exchange takes every message.)
 */
export function effectiveRoutingKey({ type, routingKey }: QueueBinding): string {
  return type === 'fanout' || type === 'headers' ? '' : routingKey;
}

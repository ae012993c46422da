import { printableJson } from '../text/printable';
import type { Topology } from './topology';

/**
 * RabbitMQ's definitions file, for `rabbitmqctl import_definitions` or `load_definitions`, on every version from 3.10.
 * Exchanges that are only looked for are left out, but not the bindings to them: those are the plan's own.
 */
export function formatDefinitions({ exchanges, queues, bindings }: Topology, vhost: string): string {
  const durable = { vhost, durable: true, auto_delete: false };
  const definitions = {
    vhosts: [{ name: vhost }],
    exchanges: exchanges
      .filter((exchange) => exchange.declare)
      .map(({ name, type, arguments: args }) => ({ name, ...durable, type, internal: false, arguments: args })),
    queues: queues.map(({ name, arguments: args }) => ({ name, ...durable, arguments: args })),
    bindings: bindings.map(({ source, destination, destinationType, routingKey }) => ({
      source,
      vhost,
      destination,
      destination_type: destinationType,
      routing_key: routingKey,
      arguments: {},
    })),
  };
  return `${printableJson(JSON.stringify(definitions, null, 2))}\n`;
}

import { compileTopicPattern } from '../../../src/topology/topic-pattern';
import type { BindingSpec, Topology } from '../../../src/topology/topology';

/** Where a message stood, one queue after the other, and for how long in all. */
export interface Journey {
  /** Queues where it waited for its time to live. */
  readonly hops: readonly string[];
  readonly waitedMs: number;
  /** The queues where it stays; each with every copy that came. */
  readonly arrivals: readonly string[];
}

/** Carries one message through a planned topology as RabbitMQ would: bindings, alternate exchanges, expiry, dead letters. */
export function simulate(topology: Topology): (exchange: string, routingKey: string) => Journey {
  const exchanges = new Map(topology.exchanges.map((exchange) => [exchange.name, exchange]));
  const queues = new Map(topology.queues.map((queue) => [queue.name, queue]));
  const bindings = topology.bindings.map((binding) => ({ ...binding, takes: matcher(binding) }));

  function matcher({ source, routingKey }: BindingSpec): (key: string) => boolean {
    switch (exchanges.get(source)?.type) {
      case 'topic':
        return compileTopicPattern(routingKey);
      case 'direct':
        return (key) => key === routingKey;
      case 'fanout':
      case 'headers':
        return () => true;
      case undefined:
        throw new Error(`A binding begins at "${source}", which is not planned.`);
    }
  }

  /** The queues that one routing step reaches, each once. */
  function reach(exchange: string, key: string, seen = new Set<string>()): ReadonlySet<string> {
    const spec = exchanges.get(exchange);
    if (spec === undefined) throw new Error(`"${exchange}" is not planned.`);
    seen.add(exchange);
    const matching = bindings.filter((binding) => binding.source === exchange && binding.takes(key));
    const alternate = spec.arguments['alternate-exchange'];
    if (matching.length === 0 && typeof alternate === 'string') return reach(alternate, key, seen);
    return new Set(
      matching.flatMap(({ destination, destinationType }) => {
        if (destinationType === 'queue') return [destination];
        return seen.has(destination) ? [] : [...reach(destination, key, seen)];
      }),
    );
  }

  function follow(queue: string, key: string): Journey {
    const args = queues.get(queue)?.arguments;
    if (args === undefined) throw new Error(`The queue "${queue}" is not planned.`);
    const { 'x-message-ttl': ttl, 'x-dead-letter-exchange': next, 'x-dead-letter-routing-key': newKey } = args;
    if (typeof ttl !== 'number' || typeof next !== 'string') return { hops: [], waitedMs: 0, arrivals: [queue] };
    const rest = publish(next, typeof newKey === 'string' ? newKey : key);
    return { hops: [queue, ...rest.hops], waitedMs: ttl + rest.waitedMs, arrivals: rest.arrivals };
  }

  function publish(exchange: string, key: string): Journey {
    const reached = exchange === '' ? [key] : [...reach(exchange, key)];
    const journeys = reached.map((queue) => follow(queue, key));
    return {
      hops: journeys.flatMap(({ hops }) => hops),
      waitedMs: journeys.reduce((sum, { waitedMs }) => sum + waitedMs, 0),
      arrivals: journeys.flatMap(({ arrivals }) => arrivals),
    };
  }

  return publish;
}

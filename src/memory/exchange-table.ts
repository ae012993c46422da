import { compileTopicPattern } from '../topology/topic-pattern';
import type { BindingSpec, ExchangeSpec } from '../topology/topology';

/** Routes that are remembered. A delayed message passes up to 31 exchanges, and its route never changes. */
const MAX_REMEMBERED = 4096;

/** Exchanges that every broker has. */
const PREDECLARED: readonly ExchangeSpec[] = (['direct', 'fanout', 'topic'] as const).map((type) => ({
  name: `amq.${type}`,
  type,
  arguments: {},
  declare: true,
}));

interface Binding {
  readonly spec: BindingSpec;
  takes(routingKey: string): boolean;
}

interface Exchange {
  readonly spec: ExchangeSpec;
  bindings: readonly Binding[];
}

/** The named exchanges and their bindings: says which queues a routing key leads to. */
export class ExchangeTable {
  readonly #exchanges = new Map<string, Exchange>(PREDECLARED.map((spec) => [spec.name, { spec, bindings: [] }]));
  readonly #routes = new Map<string, readonly string[]>();

  get(name: string): ExchangeSpec | undefined {
    return this.#exchanges.get(name)?.spec;
  }

  /** Adds an exchange; one that exists already stays as it is. */
  declare(spec: ExchangeSpec): void {
    if (this.#exchanges.has(spec.name)) return;
    this.#exchanges.set(spec.name, { spec, bindings: [] });
    this.#routes.clear();
  }

  /** Removes an exchange with every binding from it and to it. */
  delete(name: string): void {
    this.#exchanges.delete(name);
    for (const exchange of this.#exchanges.values()) {
      exchange.bindings = exchange.bindings.filter(
        ({ spec }) => spec.destinationType === 'queue' || spec.destination !== name,
      );
    }
    this.#routes.clear();
  }

  /** Adds a binding to an exchange that exists. The same binding twice counts once. */
  bind(spec: BindingSpec): void {
    const source = this.#exchanges.get(spec.source);
    if (source === undefined || source.bindings.some((binding) => isSameBinding(binding.spec, spec))) return;
    source.bindings = [...source.bindings, { spec, takes: matcher(source.spec, spec.routingKey) }];
    this.#routes.clear();
  }

  /** Removes a binding; one that is not there is no error. */
  unbind(spec: BindingSpec): void {
    const source = this.#exchanges.get(spec.source);
    if (source === undefined) return;
    source.bindings = source.bindings.filter((binding) => !isSameBinding(binding.spec, spec));
    this.#routes.clear();
  }

  /** Forgets every binding of a queue that was deleted. */
  unbindQueue(queue: string): void {
    for (const exchange of this.#exchanges.values()) {
      exchange.bindings = exchange.bindings.filter(
        ({ spec }) => spec.destinationType === 'exchange' || spec.destination !== queue,
      );
    }
    this.#routes.clear();
  }

  /** The queues that a message goes to, each once; `undefined` when there is no such exchange. */
  route(exchange: string, routingKeys: readonly string[]): readonly string[] | undefined {
    if (!this.#exchanges.has(exchange)) return undefined;
    const [first = '', ...others] = routingKeys;
    const queues = this.#routeOne(exchange, first);
    if (others.length === 0) return queues;
    return [...new Set([...queues, ...others.flatMap((key) => this.#routeOne(exchange, key))])];
  }

  #routeOne(exchange: string, routingKey: string): readonly string[] {
    const route = `${exchange}\0${routingKey}`;
    const remembered = this.#routes.get(route);
    if (remembered !== undefined) return remembered;
    const queues = this.#walk(exchange, routingKey);
    if (this.#routes.size >= MAX_REMEMBERED) this.#routes.clear();
    this.#routes.set(route, queues);
    return queues;
  }

  #walk(start: string, routingKey: string): readonly string[] {
    const queues = new Set<string>();
    const visited = new Set([start]);
    // A set that grows while it is walked: each exchange is passed once, circles included.
    for (const name of visited) {
      const exchange = this.#exchanges.get(name);
      if (exchange === undefined) continue;
      const bindings = exchange.bindings.filter((binding) => binding.takes(routingKey));
      for (const { spec } of bindings) (spec.destinationType === 'queue' ? queues : visited).add(spec.destination);
      const alternate = exchange.spec.arguments['alternate-exchange'];
      if (bindings.length === 0 && typeof alternate === 'string') visited.add(alternate);
    }
    return [...queues];
  }
}

function matcher({ type }: ExchangeSpec, pattern: string): (routingKey: string) => boolean {
  if (type === 'fanout') return () => true;
  return type === 'topic' ? compileTopicPattern(pattern) : (routingKey) => routingKey === pattern;
}

const isSameBinding = (a: BindingSpec, b: BindingSpec): boolean =>
  a.destination === b.destination && a.destinationType === b.destinationType && a.routingKey === b.routingKey;

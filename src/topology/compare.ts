import type { ArgumentDifference } from '../errors/broker-errors';
import { describeBinding } from './binding-text';
import { bindingIdentity, compareText } from './order';
import type { Arguments, BindingSpec, ExchangeSpec, QueueSpec, Topology } from './topology';

/** One thing that is not as planned. `name` is a binding's description: `shop → billing (order.*)`. */
export type TopologyDifference =
  | { readonly kind: 'missing' | 'extra'; readonly entity: 'exchange' | 'queue' | 'binding'; readonly name: string }
  | {
      readonly kind: 'different';
      readonly entity: 'exchange' | 'queue';
      readonly name: string;
      /** Field by field; `undefined` where one side does not have it. */
      readonly differences: readonly ArgumentDifference[];
    };

/**
 * What separates a broker from the plan: exchanges first, then queues, then bindings, each by name. Empty: nothing.
 *
 * `extra` is whatever `actual` holds beyond the plan, except what every vhost has (`amq.*` and the default exchange with its
 * bindings). Of exchanges that the plan only looks for, existence and type are compared; their arguments are their owner's.
 */
export function compareTopology(wanted: Topology, actual: Topology): readonly TopologyDifference[] {
  const planned = new Set(wanted.exchanges.map(({ name }) => name));
  const exchanges = actual.exchanges.filter(({ name }) => planned.has(name) || !isInherent(name));
  const bindings = actual.bindings.filter(({ source }) => source !== '');
  return [
    ...compareNamed('exchange', wanted.exchanges, exchanges, exchangeDifferences),
    ...compareNamed('queue', wanted.queues, actual.queues, (a, b) => argumentDifferences(a.arguments, b.arguments)),
    ...compareBindings(wanted.bindings, bindings),
  ];
}

function isInherent(exchange: string): boolean {
  return exchange === '' || exchange.startsWith('amq.');
}

/** The arguments that differ, by name; `undefined` where one side does not have it. */
export function argumentDifferences(wanted: Arguments, actual: Arguments): readonly ArgumentDifference[] {
  // Maps: what a broker reports may hold any name, `constructor` included.
  const left = new Map<string, unknown>(Object.entries(wanted));
  const right = new Map<string, unknown>(Object.entries(actual));
  const fields = [...new Set([...left.keys(), ...right.keys()])].sort(compareText);
  return fields
    .map((field) => ({ field, wanted: left.get(field), actual: right.get(field) }))
    .filter((difference) => difference.wanted !== difference.actual);
}

function exchangeDifferences(wanted: ExchangeSpec, actual: ExchangeSpec): readonly ArgumentDifference[] {
  const type = wanted.type === actual.type ? [] : [{ field: 'type', wanted: wanted.type, actual: actual.type }];
  return wanted.declare ? [...type, ...argumentDifferences(wanted.arguments, actual.arguments)] : type;
}

function compareNamed<T extends ExchangeSpec | QueueSpec>(
  entity: 'exchange' | 'queue',
  wanted: readonly T[],
  actual: readonly T[],
  compare: (wanted: T, actual: T) => readonly ArgumentDifference[],
): readonly TopologyDifference[] {
  return pairUp(wanted, actual, ({ name }) => name).flatMap(([name, planned, found]): readonly TopologyDifference[] => {
    if (planned === undefined) return [{ kind: 'extra', entity, name }];
    if (found === undefined) return [{ kind: 'missing', entity, name }];
    const differences = compare(planned, found);
    return differences.length === 0 ? [] : [{ kind: 'different', entity, name, differences }];
  });
}

function compareBindings(
  wanted: readonly BindingSpec[],
  actual: readonly BindingSpec[],
): readonly TopologyDifference[] {
  return pairUp(wanted, actual, bindingIdentity).flatMap(([, planned, found]): readonly TopologyDifference[] => {
    if (planned === undefined && found !== undefined) return [bindingDifference('extra', found)];
    if (planned !== undefined && found === undefined) return [bindingDifference('missing', planned)];
    return [];
  });
}

type Pair<T> = readonly [key: string, wanted: T | undefined, actual: T | undefined];

/** What stands on either side under one key, in the keys' order. */
function pairUp<T>(wanted: readonly T[], actual: readonly T[], keyOf: (item: T) => string): readonly Pair<T>[] {
  const left = new Map(wanted.map((item) => [keyOf(item), item]));
  const right = new Map(actual.map((item) => [keyOf(item), item]));
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort(compareText);
  return keys.map((key) => [key, left.get(key), right.get(key)]);
}

function bindingDifference(kind: 'missing' | 'extra', binding: BindingSpec): TopologyDifference {
  return { kind, entity: 'binding', name: describeBinding(binding) };
}

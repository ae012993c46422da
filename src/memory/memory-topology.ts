import type { TopologyMode } from '../broker/broker';
import { type ArgumentDifference, TopologyConflictError, TopologyMissingError } from '../errors/broker-errors';
import { ConfigurationError } from '../errors/configuration-error';
import { formerArguments } from '../topology/former-arguments';
import type { Arguments, BindingSpec, ExchangeSpec, QueueSpec, Topology } from '../topology/topology';
import { parseQueueSettings } from './queue-settings';
import type { VirtualHost } from './virtual-host';

/**
 * Declares a plan, or looks for it. Everything is checked first, so a plan that fails has changed nothing.
 *
 * @throws ConfigurationError when RabbitMQ would refuse an argument, or the embedded broker does not have it.
 * @throws TopologyConflictError when something exists with other settings.
 * @throws TopologyMissingError when something that is only looked for is missing.
 */
export function applyTopology(vhost: VirtualHost, topology: Topology, mode: TopologyMode): void {
  if (mode === 'off') return;
  const declare = mode === 'assert';
  const { exchanges, queues, bindings } = topology;
  if (declare) {
    checkKinds(topology);
    for (const spec of exchanges) if (spec.declare) checkExchange(vhost.exchanges.get(spec.name), spec);
    for (const spec of queues) checkQueue(vhost.queue(spec.name)?.spec, spec);
  }
  const missing = [
    ...exchanges.filter((spec) => !(declare && spec.declare) && !hasExchange(vhost, spec.name)).map(shownExchange),
    ...queues.filter((spec) => !declare && vhost.queue(spec.name) === undefined).map(shownQueue),
    ...(declare ? missingEnds(vhost, topology) : []),
  ];
  if (missing.length > 0) throw new TopologyMissingError([...new Set(missing)].sort());
  if (!declare) return;
  for (const spec of exchanges) if (spec.declare) vhost.exchanges.declare(spec);
  for (const spec of queues) vhost.declareQueue(spec);
  for (const spec of bindings) vhost.exchanges.bind(spec);
  vhost.retryDeadLetters();
}

const shownExchange = ({ name }: { readonly name: string }): string => `exchange "${name}"`;
const shownQueue = ({ name }: { readonly name: string }): string => `queue "${name}"`;
const hasExchange = (vhost: VirtualHost, name: string): boolean => vhost.exchanges.get(name) !== undefined;

function checkKinds({ exchanges, queues }: Topology): void {
  const problems = exchanges
    .filter(({ type }) => type === 'headers')
    .map(
      ({ name }) => `the exchange "${name}" is of type headers, which the embedded broker does not have; use RabbitMQ`,
    );
  if (problems.length > 0) throw new ConfigurationError(problems);
  for (const spec of queues) parseQueueSettings(spec);
}

function checkExchange(existing: ExchangeSpec | undefined, wanted: ExchangeSpec): void {
  if (existing === undefined) return;
  const typeDifference =
    existing.type === wanted.type ? [] : [{ field: 'type', wanted: wanted.type, actual: existing.type }];
  const differences = [...typeDifference, ...compareArguments(wanted.arguments, existing.arguments)];
  if (typeDifference.length === 0 && hasFormerArguments('exchange', wanted, existing)) return;
  if (differences.length > 0) throw conflict('exchange', wanted.name, differences);
}

function checkQueue(existing: QueueSpec | undefined, wanted: QueueSpec): void {
  if (existing === undefined || hasFormerArguments('queue', wanted, existing)) return;
  const differences = compareArguments(typed(wanted.arguments), typed(existing.arguments));
  if (differences.length > 0) throw conflict('queue', wanted.name, differences);
}

/** Whether an earlier version declared it so: a start accepts that. */
function hasFormerArguments<T extends ExchangeSpec | QueueSpec>(
  kind: 'exchange' | 'queue',
  wanted: T,
  existing: T,
): boolean {
  const former = formerArguments(kind, wanted);
  return former !== undefined && compareArguments(former, existing.arguments).length === 0;
}

/** A queue that names no type is of the vhost's default type. */
const typed = (args: Arguments): Arguments => ({ 'x-queue-type': 'classic', ...args });

function compareArguments(wanted: Arguments, actual: Arguments): readonly ArgumentDifference[] {
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])].sort();
  return fields
    .filter((field) => wanted[field] !== actual[field])
    .map((field) => ({ field, wanted: wanted[field], actual: actual[field] }));
}

function conflict(
  kind: 'queue' | 'exchange',
  name: string,
  differences: readonly ArgumentDifference[],
): TopologyConflictError {
  const shown = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value));
  const rows = differences.map((d) => `  ${d.field}: planned ${shown(d.wanted)}, on the broker ${shown(d.actual)}`);
  const detail =
    `\n${rows.join('\n')}\nNothing was changed. The embedded broker is shared by name within this process: ` +
    `make the options of everybody who declares this ${kind} equal, or give them brokers of different names.`;
  return new TopologyConflictError(kind, name, differences, detail);
}

/** Ends of bindings that neither the plan nor the broker has. */
function missingEnds(vhost: VirtualHost, { exchanges, queues, bindings }: Topology): readonly string[] {
  const planned = {
    exchange: new Set(exchanges.map(({ name }) => name)),
    queue: new Set(queues.map(({ name }) => name)),
  };
  const isMissing = (kind: 'exchange' | 'queue', name: string): boolean =>
    !planned[kind].has(name) && (kind === 'exchange' ? !hasExchange(vhost, name) : vhost.queue(name) === undefined);
  const ends = ({ source, destination, destinationType }: BindingSpec): readonly string[] => [
    ...(isMissing('exchange', source) ? [shownExchange({ name: source })] : []),
    ...(isMissing(destinationType, destination) ? [`${destinationType} "${destination}"`] : []),
  ];
  return bindings.flatMap(ends);
}

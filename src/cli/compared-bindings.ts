import { compareTopology, type TopologyDifference } from '../topology/compare';
import type { BindingSpec, Topology } from '../topology/topology';
import { field, list, type ManagementApi, text } from './management';

/**
 * The plan's bindings against the broker's, which only the management plugin lists. Bindings of others count as extra
 * where they lead into a queue of the plan: the exchanges are shared with whoever else uses the virtual host.
 *
 * @returns `undefined` where they cannot be read.
 */
export async function compareBindings(
  { queues, bindings }: Topology,
  api: ManagementApi,
): Promise<readonly TopologyDifference[] | undefined> {
  const answer = await api.get(`/bindings/${api.vhost}`);
  if (answer === undefined) return undefined;
  const planned = new Set(queues.map(({ name }) => name));
  const isOurs = ({ source, destination, destinationType, routingKey }: BindingSpec): boolean =>
    (destinationType === 'queue' && planned.has(destination)) ||
    bindings.some(
      (each) =>
        each.source === source &&
        each.destination === destination &&
        each.destinationType === destinationType &&
        each.routingKey === routingKey,
    );
  const actual = list(answer).map(bindingOf).filter(isOurs);
  return compareTopology({ exchanges: [], queues: [], bindings }, { exchanges: [], queues: [], bindings: actual });
}

function bindingOf(value: unknown): BindingSpec {
  return {
    source: text(field(value, 'source')) ?? '',
    destination: text(field(value, 'destination')) ?? '',
    destinationType: field(value, 'destination_type') === 'exchange' ? 'exchange' : 'queue',
    routingKey: text(field(value, 'routing_key')) ?? '',
  };
}

import type { BrokerAdmin, BrokerProbe, ProbeTargets } from '../broker/admin';
import { compareTopology, type TopologyDifference } from '../topology/compare';
import type { BindingSpec, ExchangeSpec, Topology } from '../topology/topology';
import { applyTopology } from './memory-topology';
import type { VirtualHost } from './virtual-host';

/** What operators ask of the embedded broker. */
export class MemoryAdmin implements BrokerAdmin {
  /** @param checkConnected - throws where there is no connection. */
  constructor(
    private readonly vhost: VirtualHost,
    private readonly checkConnected: () => void,
  ) {}

  async inspect(topology: Topology): Promise<readonly TopologyDifference[]> {
    this.checkConnected();
    return compareTopology(topology, {
      exchanges: topology.exchanges.flatMap(({ name }) => this.vhost.exchanges.get(name) ?? []),
      queues: topology.queues.flatMap(({ name }) => this.vhost.queue(name)?.spec ?? []),
      bindings: topology.bindings,
    });
  }

  /** Whoever has the process may do everything. */
  async probe(_targets: ProbeTargets): Promise<BrokerProbe> {
    this.checkConnected();
    return { missing: [], blocked: undefined };
  }

  async unbind(bindings: readonly BindingSpec[]): Promise<void> {
    this.checkConnected();
    for (const binding of bindings) this.vhost.exchanges.unbind(binding);
  }

  async replaceExchange(spec: ExchangeSpec, bindings: readonly BindingSpec[]): Promise<void> {
    this.checkConnected();
    this.vhost.exchanges.delete(spec.name);
    applyTopology(this.vhost, { exchanges: [spec], queues: [], bindings }, 'assert');
  }
}

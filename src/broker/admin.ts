import type { TopologyDifference } from '../topology/compare';
import type { BindingSpec, ExchangeSpec, Topology } from '../topology/topology';

/** What operators ask of a broker, and no running app needs. */
export interface BrokerAdmin {
  /**
   * What separates the broker from a plan: exchanges and queues, argument by argument. Changes nothing. Bindings, and
   * what stands there beyond the plan, cannot be looked for over AMQP.
   */
  inspect(topology: Topology): Promise<readonly TopologyDifference[]>;
  /** Tries what this user may do, and whether publishers are blocked. Changes nothing. */
  probe(targets: ProbeTargets): Promise<BrokerProbe>;
  /** Removes bindings; those that are not there are no error. */
  unbind(bindings: readonly BindingSpec[]): Promise<void>;
  /**
   * Deletes an exchange, where it exists, and declares it anew with these bindings. In the milliseconds between, what is
   * published to it is refused, and what a queue dead-letters to it stays in that queue.
   * @throws TopologyConflictError when others declare it again and again meanwhile, with other arguments.
   */
  replaceExchange(spec: ExchangeSpec, bindings: readonly BindingSpec[]): Promise<void>;
}

/** What this user may not do, as RabbitMQ itself answers. The default exchange has the name `''`. */
export interface MissingPermission {
  readonly right: 'configure' | 'write' | 'read';
  readonly entity: 'exchange' | 'queue';
  readonly name: string;
}

export interface ProbeTargets {
  /** To declare and to consume. They need not exist. */
  readonly queues: readonly string[];
  /** To publish to. None may lead a key that begins with `warren.probe.` anywhere: no fanout, no alternate exchange. */
  readonly exchanges: readonly string[];
}

export interface BrokerProbe {
  readonly missing: readonly MissingPermission[];
  /** Why the broker holds back publishers: `low on memory`. What comes after that could not be tried. */
  readonly blocked: string | undefined;
}

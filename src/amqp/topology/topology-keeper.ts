import type { ChannelModel } from 'amqplib';
import type { TopologyMode } from '../../broker/broker';
import type { PublishTarget } from '../../errors/enqueue-errors';
import type { Topology } from '../../topology/topology';
import { applyTopology } from './apply-topology';

interface Plan {
  readonly topology: Topology;
  readonly mode: TopologyMode;
  readonly names: ReadonlySet<string>;
}

/** Where something known to be missing is asked for by many at once, it is declared this often. */
const MIN_PAUSE_MS = 1_000;
/** After a reconnect nothing is known to be missing: a thousand workers declare within this time, not in one instant. */
const AFTER_RECONNECT_MS = 10_000;
/** What nobody misses, such as an exchange between two queues or a binding, is declared again within this time. */
const REFRESH_MS = 300_000;

/**
 * Keeps the plan standing: declares it again when something of it is missing, where the plan may be declared at all.
 *
 * no plan → planned (`apply`); planned → restoring → resting → planned. Whoever asks while it restores or rests gets the
 * same answer, so that many consumers of one deleted vhost declare it once. It asks by itself, too: soon after a
 * reconnect, and now and then.
 */
export class TopologyKeeper {
  #plan: Plan | undefined;
  #restoring: Promise<void> | undefined;
  #rest: NodeJS.Timeout | undefined;
  #refresh: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param model - the connection to declare on. @throws ConnectionClosedError while there is none.
   * @param random - spreads the declarations of many workers over time; from 0 to below 1.
   */
  constructor(
    private readonly model: () => ChannelModel,
    private readonly random: () => number,
  ) {}

  /** @throws TopologyConflictError, TopologyMissingError, AccessRefusedError */
  async apply(topology: Topology, mode: TopologyMode): Promise<void> {
    await applyTopology(this.model(), topology, mode);
    const names = new Set([...topology.exchanges, ...topology.queues].map(({ name }) => name));
    this.#plan = { topology, mode, names };
    this.#refreshWithin(REFRESH_MS);
  }

  /** Whether a message that reached no queue should have reached one, by the plan. */
  plans({ exchange, routingKey }: PublishTarget): boolean {
    return this.#plan?.names.has(exchange === '' ? routingKey : exchange) === true;
  }

  /** Declares the plan again, one at a time. */
  restore(): Promise<void> {
    if (!this.#declares(this.#plan)) return Promise.resolve();
    if (this.#restoring === undefined) {
      this.#restoring = applyTopologyOf(this.#plan, this.model);
      this.#restoring.catch(() => undefined).finally(() => this.#restAWhile());
    }
    return this.#restoring;
  }

  /** The connection came back, perhaps to a broker that has lost something. */
  reconnected(): void {
    this.#refreshWithin(AFTER_RECONNECT_MS);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#rest);
    clearTimeout(this.#refresh);
  }

  #declares(plan: Plan | undefined): plan is Plan {
    return plan?.mode === 'assert' && !this.#closed;
  }

  /** A failure is left to whoever misses something. */
  #refreshWithin(ms: number): void {
    clearTimeout(this.#refresh);
    if (!this.#declares(this.#plan)) return;
    this.#refresh = setTimeout(() => {
      this.restore().catch(() => undefined);
      this.#refreshWithin(REFRESH_MS);
    }, this.random() * ms);
  }

  #restAWhile(): void {
    if (this.#closed) return;
    this.#rest = setTimeout(() => {
      this.#restoring = undefined;
    }, MIN_PAUSE_MS);
  }
}

async function applyTopologyOf({ topology, mode }: Plan, model: () => ChannelModel): Promise<void> {
  await applyTopology(model(), topology, mode);
}

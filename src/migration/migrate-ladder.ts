import type { Broker } from '../broker/broker';
import type { TopologyDifference } from '../topology/compare';
import { planLadderEnds, planLevels } from '../topology/ladder-plan';
import { DELAY_UNROUTED } from '../topology/names';
import type { BindingSpec, ExchangeSpec, Topology } from '../topology/topology';
import { returnParked } from './return-parked';

export interface LadderMigrationOptions {
  readonly broker: Broker;
  /** Stops between two levels; the next run goes on. */
  readonly signal?: AbortSignal;
  readonly onReplaced?: (exchange: string) => void;
}

export interface LadderMigrationResult {
  readonly kind: 'done' | 'interrupted';
  /** Exchanges that were replaced. */
  readonly replaced: readonly string[];
  /** Delayed messages that were in `warren.delay.unrouted` though their home queue exists, and wait on the ladder again. */
  readonly returned: number;
}

/** The exchanges of the delay ladder that are not as planned, the lowest level first. */
export function unplannedLadderExchanges(broker: Broker): Promise<readonly TopologyDifference[]> {
  return broker.admin.inspect({ exchanges: planLevels().exchanges, queues: [], bindings: [] });
}

/**
 * Gives every exchange of the delay ladder its alternate exchange, while tasks go on. RabbitMQ cannot change an exchange, so
 * each is deleted and declared again. In these milliseconds a queue keeps what it would dead-letter to the exchange (and
 * tries again within three minutes), and a message that comes between the declaration and the bindings goes to
 * `warren.delay.unrouted`, from where the last step brings it back.
 *
 * The lowest level comes first: as long as the exchange above has no alternate exchange, nothing that falls through it is parked.
 *
 * @see docs/decisions/018-alternate-exchanges-on-the-ladder.md
 */
export async function migrateLadder({
  broker,
  signal,
  onReplaced,
}: LadderMigrationOptions): Promise<LadderMigrationResult> {
  const unlock = await broker.lock(`${DELAY_UNROUTED}.migrating.lock`);
  try {
    const levels = planLevels();
    // Where misrouted messages are to go, and what the bindings lead to.
    await broker.declare({ ...planLadderEnds(), queues: [...planLadderEnds().queues, ...levels.queues] });
    const differences = await unplannedLadderExchanges(broker);
    const unplanned = new Set(differences.map(({ name }) => name));
    const missing = new Set(differences.flatMap(({ kind, name }) => (kind === 'missing' ? [name] : [])));
    const replaced: string[] = [];
    for (const spec of levels.exchanges.filter(({ name }) => unplanned.has(name))) {
      if (signal?.aborted === true) break;
      await broker.admin.replaceExchange(spec, bindingsAround(spec, levels, missing));
      missing.delete(spec.name);
      replaced.push(spec.name);
      onReplaced?.(spec.name);
    }
    if (signal?.aborted === true) return { kind: 'interrupted', replaced, returned: 0 };
    await broker.declare(levels);
    return { kind: 'done', replaced, returned: await returnParked(broker, signal) };
  } finally {
    await unlock();
  }
}

/** What leaves the exchange, and what leads into it, save from an exchange that is still missing: that is bound in its turn. */
function bindingsAround(
  { name }: ExchangeSpec,
  { bindings }: Topology,
  missing: ReadonlySet<string>,
): readonly BindingSpec[] {
  return bindings.filter(
    ({ source, destination, destinationType }) =>
      source === name || (destinationType === 'exchange' && destination === name && !missing.has(source)),
  );
}

import type { Broker } from '../broker/broker';
import { assertNever } from '../errors/assert-never';
import type { QueueType } from '../task/definition';
import type { Clock } from '../time/clock';
import { keptQueueArguments } from '../topology/queue-arguments';
import type { BindingSpec, QueueSpec, Topology } from '../topology/topology';
import { moveMessages } from './move-messages';
import { type MigrationFacts, type MigrationStep, nextStep } from './next-step';

export interface MigrationOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  /** Stops between two messages; the next run goes on. */
  readonly signal?: AbortSignal;
  readonly onStep?: (step: MigrationStep) => void;
  readonly onMoved?: () => void;
  /**
   * Why a classic queue must not be deleted yet, where messages of it are out: a quorum queue counts who holds them as
   * its consumers, a classic one does not. @defaultValue it may be deleted
   */
  readonly classicInUse?: (queue: string) => Promise<string | undefined>;
}

export interface MigrationResult {
  /** `blocked`: somebody consumes it, or holds messages of it; `busy`: somebody sends to it; `interrupted`: run it again. */
  readonly kind: 'done' | 'blocked' | 'busy' | 'interrupted';
  /** Messages that came in the instant in which an old quorum queue was deleted, as far as RabbitMQ counts them. */
  readonly lost: number;
}

/** A quorum queue younger than about a second can come back empty from a kill of its broker. */
const FRESH_QUEUE_MS = 2_000;

/** How long a queue is watched for senders. */
const WATCH_MS = 2_000;
/** Arrivals that are tolerated before a sender counts as still active: a single late message does not. */
const MAX_ARRIVALS = 2;

/** Where a queue's messages stand while it moves: `emails.migrating`. */
export const holdingQueueName = (queue: string): string => `${queue}.migrating`;

const UNTOUCHED = { prepared: false, senders: 'unknown' } as const;

/** The facts of a queue, without changing anything. */
export async function readMigrationFacts(
  broker: Broker,
  spec: QueueSpec,
  run: Pick<MigrationFacts, 'senders'> & { readonly prepared: boolean } = UNTOUCHED,
): Promise<MigrationFacts> {
  const holding = await broker.queueState(holdingQueueName(spec.name));
  return {
    home: await homeFacts(broker, spec),
    holding: holding === undefined ? undefined : { ready: holding.ready, prepared: run.prepared },
    senders: run.senders,
  };
}

async function homeFacts(broker: Broker, spec: QueueSpec): Promise<MigrationFacts['home']> {
  const [difference] = await broker.admin.inspect({ exchanges: [], queues: [spec], bindings: [] });
  if (difference === undefined) return { kind: 'planned' };
  const state = await broker.queueState(spec.name);
  if (difference.kind !== 'different' || state === undefined) return { kind: 'missing' };
  const type = difference.differences.find(({ field }) => field === 'x-queue-type')?.actual;
  return { kind: 'old', type: queueType(type ?? spec.arguments['x-queue-type']), ...state };
}

const queueType = (type: unknown): QueueType => (type === 'classic' ? 'classic' : 'quorum');

/** Moves one queue of a plan to the arguments that it has there. */
export async function migrateQueue(
  spec: QueueSpec,
  plan: Topology,
  options: MigrationOptions,
): Promise<MigrationResult> {
  const unlock = await options.broker.lock(`${holdingQueueName(spec.name)}.lock`);
  try {
    return await new Migration(spec, plan, options).run();
  } finally {
    await unlock();
  }
}

class Migration {
  readonly #bindings: readonly BindingSpec[];
  readonly #holding: string;
  #prepared = false;
  #senders: MigrationFacts['senders'] = 'unknown';
  #arrivals = 0;
  #lost = 0;

  constructor(
    private readonly spec: QueueSpec,
    plan: Topology,
    private readonly options: MigrationOptions,
  ) {
    this.#holding = holdingQueueName(spec.name);
    this.#bindings = plan.bindings.filter(
      ({ destination, destinationType }) => destinationType === 'queue' && destination === spec.name,
    );
  }

  async run(): Promise<MigrationResult> {
    while (this.options.signal?.aborted !== true) {
      const run = { prepared: this.#prepared, senders: this.#senders };
      const step = nextStep(await readMigrationFacts(this.options.broker, this.spec, run));
      this.options.onStep?.(step);
      if (step.kind === 'done' || step.kind === 'blocked' || step.kind === 'busy') {
        return { kind: step.kind, lost: this.#lost };
      }
      if (await this.#isOut(step)) return { kind: 'blocked', lost: this.#lost };
      await this.#take(step);
    }
    return { kind: 'interrupted', lost: this.#lost };
  }

  async #isOut(step: MigrationStep): Promise<boolean> {
    if (step.kind !== 'delete-old' || step.type !== 'classic') return false;
    return (await this.options.classicInUse?.(this.spec.name)) !== undefined;
  }

  async #take(step: Exclude<MigrationStep, { kind: 'done' | 'blocked' | 'busy' }>): Promise<void> {
    const { broker } = this.options;
    switch (step.kind) {
      case 'prepare-holding':
        return this.#prepareHolding();
      case 'watch':
        return this.#watch();
      case 'move-to-holding':
        await this.#move(this.spec.name, this.#holding);
        this.#senders = 'unknown';
        return;
      case 'delete-old': {
        const deletion = await broker.deleteUnused(this.spec.name, step.type);
        if (deletion.kind === 'deleted') this.#lost += deletion.lost;
        return;
      }
      case 'declare-new':
        return this.#declareNew();
      case 'move-home':
        return this.#move(this.#holding, this.spec.name);
      case 'delete-holding':
        await broker.deleteUnused(this.#holding, 'quorum');
        return;
      default:
        return assertNever(step);
    }
  }

  /** Nobody consumes it, so it can only grow, and only by what somebody sends: its bindings lead elsewhere by now. */
  async #watch(): Promise<void> {
    const { broker, clock } = this.options;
    const before = (await broker.queueState(this.spec.name))?.ready ?? 0;
    await new Promise<void>((resolve) => clock.schedule(resolve, WATCH_MS));
    const after = (await broker.queueState(this.spec.name))?.ready ?? 0;
    if (after > before) this.#arrivals++;
    else this.#senders = 'silent';
    if (this.#arrivals > MAX_ARRIVALS) this.#senders = 'busy';
  }

  /** First bound, then unbound: what comes in between stands in both, and is a duplicate, not a loss. */
  async #prepareHolding(): Promise<void> {
    const { broker, clock } = this.options;
    const isNew = (await broker.countReady(this.#holding)) === undefined;
    const queues = [{ name: this.#holding, arguments: keptQueueArguments('quorum') }];
    await broker.declare({ exchanges: [], queues, bindings: this.#heldBindings() });
    if (isNew) await new Promise<void>((resolve) => clock.schedule(resolve, FRESH_QUEUE_MS));
    await broker.admin.unbind(this.#bindings);
    this.#prepared = true;
  }

  async #declareNew(): Promise<void> {
    const { broker, clock } = this.options;
    await broker.declare({ exchanges: [], queues: [this.spec], bindings: this.#bindings });
    await broker.admin.unbind(this.#heldBindings());
    await new Promise<void>((resolve) => clock.schedule(resolve, FRESH_QUEUE_MS));
    this.#prepared = true;
  }

  #heldBindings(): readonly BindingSpec[] {
    return this.#bindings.map((binding) => ({ ...binding, destination: this.#holding }));
  }

  #move(from: string, to: string): Promise<void> {
    const { broker, signal, onMoved } = this.options;
    return moveMessages(broker, from, to, signal, () => onMoved?.());
  }
}

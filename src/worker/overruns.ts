import type { Delivery } from '../broker/broker';
import type { EventBus } from '../events/event-bus';
import type { Clock, Timer } from '../time/clock';
import { SECOND } from '../time/duration';
import type { ConsumedQueue } from './queue-consumer';
import type { RunningTask } from './running-task';

/** How long a handler has to see its signal and return: as long again as its timeout was, and not longer than this. */
const MAX_GRACE_MS = 10 * SECOND;

type Slots = Pick<ConsumedQueue, 'name' | 'concurrency'>;

interface Overrun {
  readonly task: RunningTask;
  readonly since: number;
  /** Its grace is over, and that was said. */
  overdue: boolean;
  grace: Timer;
  /** The slot that it keeps, once its attempt is settled. */
  slot: { readonly of: Slots; free(): void } | undefined;
  /** Whose slot was given to somebody else. */
  withoutSlotOf: string | undefined;
}

/**
 * Handlers that run on after their attempt has timed out and was settled. Nothing in Node can end them, so they count:
 *
 * - late: it has just timed out and keeps its slot. Most handlers see their signal and return.
 * - late → overdue: its grace is over. That is said, and its slot is given to the next task, unless as many as the queue
 *   has slots run on without one already; then it keeps it. So a queue runs at most twice its concurrency, one promise
 *   that never settles costs it nothing, and one whose slots are all kept is stuck and must be seen to be.
 * - late, overdue → gone: it returned. What it returned is ignored.
 */
export class Overruns {
  readonly #all = new Map<unknown, Overrun>();
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly events: EventBus,
  ) {}

  /** An attempt has timed out, and its handler has not returned. A worker that stops keeps no account: no timer may outlive it. */
  add(task: RunningTask): void {
    if (this.#stopped) return;
    const overrun: Overrun = {
      task,
      since: this.clock.now(),
      overdue: false,
      grace: this.clock.schedule(() => this.#becomeOverdue(overrun), Math.min(task.timeoutMs, MAX_GRACE_MS)),
      slot: undefined,
      withoutSlotOf: undefined,
    };
    this.#all.set(task.message, overrun);
    task.onLateReturn(() => this.#returned(overrun));
  }

  /** Resolves when the slot of a delivery that timed out may be given to the next. */
  slotFree(delivery: Delivery, slots: Slots): Promise<void> {
    const overrun = this.#all.get(delivery);
    if (overrun === undefined) return Promise.resolve();
    return new Promise((free) => {
      overrun.slot = { of: slots, free };
      this.#giveAway(slots);
    });
  }

  /** Handlers that run on. */
  get size(): number {
    return this.#all.size;
  }

  /** Slots of a queue that are kept by handlers which are overdue. */
  keeping(queue: string): number {
    let count = 0;
    for (const { overdue, slot } of this.#all.values()) if (overdue && slot?.of.name === queue) count++;
    return count;
  }

  /** A worker that stops waits for nobody whose attempt is settled: no slot is needed any more. */
  stop(): void {
    this.#stopped = true;
    const all = [...this.#all.values()];
    this.#all.clear();
    for (const overrun of all) {
      overrun.grace.cancel();
      this.#free(overrun);
    }
  }

  #becomeOverdue(overrun: Overrun): void {
    overrun.overdue = true;
    const { task } = overrun;
    this.events.emit('task:overdue', { ...eventOf(task), timeoutMs: task.timeoutMs, overdueMs: this.#age(overrun) });
    if (overrun.slot !== undefined) this.#giveAway(overrun.slot.of);
  }

  #returned(overrun: Overrun): void {
    this.#all.delete(overrun.task.message);
    overrun.grace.cancel();
    const freed = overrun.slot?.of;
    this.#free(overrun);
    if (!overrun.overdue) return;
    this.events.emit('task:overdue-ended', { ...eventOf(overrun.task), overdueMs: this.#age(overrun) });
    for (const other of this.#all.values()) {
      if (other.slot !== undefined && other.slot.of.name === (freed?.name ?? overrun.withoutSlotOf)) {
        this.#giveAway(other.slot.of);
        return;
      }
    }
  }

  /** Gives away the slots of those that are overdue, as long as it may. */
  #giveAway({ name, concurrency }: Slots): void {
    let without = 0;
    for (const { withoutSlotOf } of this.#all.values()) if (withoutSlotOf === name) without++;
    for (const overrun of this.#all.values()) {
      if (without >= concurrency) return;
      if (!overrun.overdue || overrun.slot?.of.name !== name) continue;
      overrun.withoutSlotOf = name;
      without++;
      this.#free(overrun);
    }
  }

  #free(overrun: Overrun): void {
    const { slot } = overrun;
    overrun.slot = undefined;
    slot?.free();
  }

  #age({ since }: Overrun): number {
    return this.clock.now() - since;
  }
}

const eventOf = ({ name, id, queue, attempt, traceId }: RunningTask) => ({ task: name, id, queue, attempt, traceId });

import type { Clock, Timer } from './clock';
import { nextRealTurn } from './real-timers';

interface PendingTimer extends Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that moves only when it is told to, for tests and for the embedded broker under test. Timers fire in the
 * order of their times; between two of them every promise that is ready gets to run.
 */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<PendingTimer>();

  /** @param startAt - the first instant, in milliseconds since 1970. */
  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** When the next timer fires, or `undefined` when none waits; milliseconds since 1970. */
  get nextDueAt(): number | undefined {
    return this.#nextDue(Number.POSITIVE_INFINITY)?.dueAt;
  }

  schedule(callback: () => void, delayMs: number): Timer {
    const timer: PendingTimer = {
      dueAt: this.#now + Math.max(0, delayMs),
      order: this.#order++,
      callback,
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  /** Moves time forward by `ms`, firing what falls due on the way, and lets every ready promise run. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settleReadyWork();
    for (let next = this.#nextDue(target); next !== undefined; next = this.#nextDue(target)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.dueAt);
      next.callback();
      await settleReadyWork();
    }
    // A callback may have moved the clock further itself.
    this.#now = Math.max(this.#now, target);
  }

  #nextDue(until: number): PendingTimer | undefined {
    let first: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > until) continue;
      if (
        first === undefined ||
        timer.dueAt < first.dueAt ||
        (timer.dueAt === first.dueAt && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}

/** Two turns of the event loop: promises, then `setImmediate`, then the promises that those started. */
async function settleReadyWork(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await nextRealTurn();
}

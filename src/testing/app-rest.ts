import type { TaskApp } from '../app/task-app';
import { TestStalledError } from '../errors/test-stalled-error';
import { nextRealTurn, realElapsed, setRealTimeout } from '../time/real-timers';
import type { HandlerWatch } from './handler-watch';
import { RealResources } from './real-resources';

/**
 * `quiet`: nothing runs and nothing is ready. `waiting`: what runs has done nothing for a while, and so waits for time.
 * `working`: the patience is over.
 */
export type Rest = 'quiet' | 'waiting' | 'working';

/** Turns of the event loop in a row in which nothing may happen before an app counts as quiet. */
const CALM_TURNS = 10;
/** Turns that a handler has at least, however slow they are. After them, a look comes only each millisecond. */
const MIN_TURNS = 200;
/** How long a handler may be idle, in milliseconds of real time, before it counts as one that waits for time. */
const IDLE_MS = 250;
/** The same for a handler whose attempt has ended: most see their signal and return at once. */
const LATE_IDLE_MS = 50;

/**
 * Decides when the test clock may move: when nothing runs, or when what runs waits for time and nothing else.
 *
 * @see docs/decisions/021-test-clock-and-real-work.md
 */
export class AppRest {
  readonly #resources = new RealResources();

  constructor(
    private readonly app: TaskApp,
    private readonly handlers: HandlerWatch,
    /** How long real work may take at a time, in milliseconds of real time. */
    private readonly patienceMs: number,
  ) {}

  /** A call begins: what is open by now was not opened by what it runs. */
  begin(): void {
    this.#resources.reset();
  }

  /** Resolves when the clock may move, or when it need not: `isDone` then counts as quiet. */
  async reached(
    isDone: () => boolean = never,
    patience: Patience = new Patience(this.patienceMs, this.handlers),
  ): Promise<Rest> {
    const time = new MeasuredTime();
    let idleMs = 0;
    for (let turn = 1, calm = 0; ; turn++) {
      await (turn > MIN_TURNS ? soon() : nextRealTurn());
      const busy = await this.#busy();
      const passedMs = time.passed();
      calm = busy ? 0 : calm + 1;
      if (calm === CALM_TURNS || isDone()) return 'quiet';
      if (!busy) continue;
      const { found } = this.#resources;
      idleMs = found ? 0 : idleMs + passedMs;
      patience.spend(passedMs);
      if (patience.isOver) return this.#giveUp('working');
      if (!found && turn >= MIN_TURNS && idleMs >= this.#idleMs()) return this.#giveUp('waiting');
    }
  }

  /** Resolves when nothing runs and nothing is ready. @throws TestStalledError when the patience is over. */
  async quiet(isDone: () => boolean = never): Promise<void> {
    const patience = new Patience(this.patienceMs, this.handlers);
    while ((await this.reached(isDone, patience)) !== 'quiet') if (patience.isOver) throw this.stalled();
  }

  stalled(): TestStalledError {
    return TestStalledError.handlersRun(this.app.running);
  }

  #giveUp(rest: Rest): Rest {
    this.handlers.giveUp();
    this.#resources.reset();
    return rest;
  }

  /** Of handlers that were waited for before, only what they do counts. */
  #idleMs(): number {
    const fresh = this.handlers.freshPhases();
    // More run than handlers are called: a payload is checked, say, or an instance made.
    if (fresh.has('running') || this.app.running > this.handlers.size) return IDLE_MS;
    return fresh.has('late') ? LATE_IDLE_MS : 0;
  }

  async #busy(): Promise<boolean> {
    const { app } = this;
    if (app.busy || this.#resources.nextTurn) return true;
    if (app.state === 'stopped') return false;
    const counts = await Promise.all(app.consumedQueues.map(({ name }) => app.broker.countReady(name)));
    // While it stops, nobody takes what is ready.
    return app.state === 'started' && counts.some((count) => (count ?? 0) > 0);
  }
}

/** Tasks that enqueue each other for ever make progress for ever: after so many times the patience, it is over all the same. */
const MAX_PATIENCE = 10;

/** Begins anew each time that a handler begins or returns: many short handlers may take longer than one may. */
class Patience {
  #spentMs = 0;
  #spentInAllMs = 0;
  #seen: number;

  constructor(
    private readonly ms: number,
    private readonly handlers: HandlerWatch,
  ) {
    this.#seen = handlers.changes;
  }

  spend(ms: number): void {
    const { changes } = this.handlers;
    this.#spentMs = changes === this.#seen ? this.#spentMs + ms : 0;
    this.#spentInAllMs += ms;
    this.#seen = changes;
  }

  get isOver(): boolean {
    return this.#spentMs >= this.ms || this.#spentInAllMs >= MAX_PATIENCE * this.ms;
  }
}

/** More than this between two looks was no time for a handler: the machine was busy, or the event loop blocked. */
const MAX_STEP_MS = 10;

/** Real time in which the event loop turned, in milliseconds. */
class MeasuredTime {
  #last = realElapsed();

  /** Since the last call. */
  passed(): number {
    const now = realElapsed();
    const ms = Math.min(now - this.#last, MAX_STEP_MS);
    this.#last = now;
    return ms;
  }
}

const never = (): boolean => false;

/** A millisecond, so that a wait keeps no processor busy. */
const soon = (): Promise<void> => new Promise((resolve) => void setRealTimeout(resolve, 1));

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
  async reached(isDone: () => boolean = never): Promise<Rest> {
    const patience = new Patience(this.patienceMs, this.handlers);
    let idleSince = realElapsed();
    for (let turn = 1, calm = 0; ; turn++) {
      await (turn > MIN_TURNS ? soon() : nextRealTurn());
      const busy = await this.#busy();
      calm = busy ? 0 : calm + 1;
      if (calm === CALM_TURNS || isDone()) return 'quiet';
      if (!busy) continue;
      const now = realElapsed();
      const found = this.#resources.found;
      if (found) idleSince = now;
      if (patience.isOver(now)) return this.#giveUp('working');
      if (!found && turn >= MIN_TURNS && now - idleSince >= this.#idleMs()) return this.#giveUp('waiting');
    }
  }

  /** Resolves when nothing runs and nothing is ready. @throws TestStalledError when the patience is over. */
  async quiet(isDone: () => boolean = never): Promise<void> {
    const patience = new Patience(this.patienceMs, this.handlers);
    while ((await this.reached(isDone)) !== 'quiet') {
      if (patience.isOver(realElapsed())) throw this.stalled();
    }
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
  readonly #began = realElapsed();
  #since = this.#began;
  #seen: number;

  constructor(
    private readonly ms: number,
    private readonly handlers: HandlerWatch,
  ) {
    this.#seen = handlers.changes;
  }

  isOver(now: number): boolean {
    const { changes } = this.handlers;
    if (changes !== this.#seen) this.#since = now;
    this.#seen = changes;
    return now - this.#since >= this.ms || now - this.#began >= MAX_PATIENCE * this.ms;
  }
}

const never = (): boolean => false;

/** A millisecond, so that a wait keeps no processor busy. */
const soon = (): Promise<void> => new Promise((resolve) => void setRealTimeout(resolve, 1));

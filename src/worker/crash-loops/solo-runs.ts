import type { Clock, Timer } from '../../time/clock';
import { Pauses } from './pauses';

/** Between two looks at the tasks that still run. */
const LOOK_MS = 25;

/** How long other tasks of the process wait for a suspect. */
export interface SoloTerms {
  /** For those that run to end, before the suspect begins; 0: it does not wait. */
  readonly waitMs: number;
  /** From its beginning on, until others may begin beside it. */
  readonly holdMs: number;
}

/** A run of a suspect, which may begin now. */
export interface SoloRun {
  /** Whether no other task runs in this process. */
  readonly isAlone: boolean;
  /** Others may begin. A second call does nothing. */
  end(): void;
}

/**
 * Keeps the other tasks of a process away from one suspect, so that a death of the process is evidence about it and nothing
 * else.
 *
 * free → waiting (others that run end; none begins) → alone → free. From `alone` it may go over `opening`: when the
 * suspect has run for long and another task wants to begin, that is marked first. From `waiting` it goes back to `free` if
 * the others run on; then the suspect begins beside them.
 *
 * @see docs/decisions/007-suspects-have-a-queue.md
 */
export class SoloRuns {
  readonly #pauses: Pauses;
  #hold: Hold | undefined;
  /** Suspects that have begun, or are about to. */
  #begun = 0;

  /** @param countRunning - handlers that run in this process, also those whose attempt has timed out. */
  constructor(
    private readonly countRunning: () => number,
    private readonly clock: Clock,
  ) {
    this.#pauses = new Pauses(clock);
  }

  /** Resolves when a task may begin; `undefined`: now. Who asks wants to begin. */
  get held(): Promise<void> | undefined {
    return this.#hold?.wanted();
  }

  /**
   * Resolves when a suspect may begin; `undefined`: the worker stops.
   * @param beforeOthers - is awaited before another task begins beside it. Never rejects.
   */
  async begin({ waitMs, holdMs }: SoloTerms, beforeOthers: () => Promise<unknown>): Promise<SoloRun | undefined> {
    while (this.#hold !== undefined) {
      await this.#hold.wanted();
      // Tasks of home queues begin before the next suspect: they would never, where suspects follow each other.
      await this.#pauses.wait(LOOK_MS);
    }
    if (this.#pauses.stopped) return undefined;
    const hold = new Hold(this.clock, beforeOthers, () => {
      if (this.#hold === hold) this.#hold = undefined;
    });
    this.#hold = hold;
    const until = this.clock.now() + waitMs;
    while (this.#others() > 0 && this.clock.now() < until && !this.#pauses.stopped) {
      await this.#pauses.wait(LOOK_MS);
    }
    if (this.#pauses.stopped) return undefined;
    const isAlone = this.#others() === 0;
    if (isAlone) hold.limit(holdMs);
    else hold.end();
    return this.#runOf(hold, isAlone);
  }

  /** Suspects that wait do not begin any more. */
  stop(): void {
    this.#pauses.stop();
    this.#hold?.end();
  }

  #runOf(hold: Hold, isAlone: boolean): SoloRun {
    this.#begun++;
    let hasEnded = false;
    const end = (): void => {
      if (!hasEnded) this.#begun--;
      hasEnded = true;
      hold.end();
    };
    return { isAlone, end };
  }

  #others(): number {
    return this.countRunning() + this.#begun;
  }
}

/** The time in which nothing else begins. */
class Hold {
  readonly #over: Promise<void>;
  #resolve: () => void = () => undefined;
  #until: number | undefined;
  #isWanted = false;
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly beforeOthers: () => Promise<unknown>,
    private readonly onEnd: () => void,
  ) {
    this.#over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Another task wants to begin. Until one does, it may last longer than its limit. */
  wanted(): Promise<void> {
    this.#isWanted = true;
    this.#openLater();
    return this.#over;
  }

  limit(holdMs: number): void {
    this.#until = this.clock.now() + holdMs;
    if (this.#isWanted) this.#openLater();
  }

  end(): void {
    this.#timer?.cancel();
    this.onEnd();
    this.#resolve();
  }

  #openLater(): void {
    if (this.#until === undefined || this.#timer !== undefined) return;
    const open = (): void => void this.beforeOthers().then(() => this.end());
    this.#timer = this.clock.schedule(open, Math.max(0, this.#until - this.clock.now()));
  }
}

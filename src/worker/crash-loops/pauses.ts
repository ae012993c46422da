import type { Clock, Timer } from '../../time/clock';

/** Pauses that a stop ends: no timer outlives a worker that stops. */
export class Pauses {
  readonly #pending = new Map<Timer, () => void>();
  #stopped = false;

  constructor(private readonly clock: Pick<Clock, 'schedule'>) {}

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves after so many milliseconds, or when it is stopped. */
  wait(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.clock.schedule(() => {
        this.#pending.delete(timer);
        resolve();
      }, ms);
      this.#pending.set(timer, resolve);
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const [timer, resume] of this.#pending) {
      timer.cancel();
      resume();
    }
    this.#pending.clear();
  }
}

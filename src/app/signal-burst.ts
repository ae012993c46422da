/**
 * Signals that come so soon after the first one are the same one: a terminal sends it to the whole group of processes, and
 * npm, npx and process managers pass on to their child what they got themselves.
 */
export const SAME_SIGNAL_MS = 500;

/** Tells the first signal, its echoes, and one that was sent again. */
export class SignalBurst {
  #firstAt: number | undefined;

  /** @param now - milliseconds of a clock that never jumps. */
  constructor(private readonly now: () => number) {}

  next(): 'first' | 'echo' | 'again' {
    const now = this.now();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      return 'first';
    }
    return now - this.#firstAt < SAME_SIGNAL_MS ? 'echo' : 'again';
  }
}

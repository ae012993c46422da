import type { Clock } from '../time/clock';

/** Spaces calls evenly. */
export class Pace {
  #nextAt = 0;
  readonly #intervalMs: number;

  constructor(
    private readonly clock: Clock,
    ratePerSecond: number | undefined,
  ) {
    this.#intervalMs = ratePerSecond === undefined ? 0 : 1000 / ratePerSecond;
  }

  async next(): Promise<void> {
    if (this.#intervalMs === 0) return;
    const now = this.clock.now();
    const waitMs = this.#nextAt - now;
    this.#nextAt = Math.max(now, this.#nextAt) + this.#intervalMs;
    if (waitMs > 0) await new Promise<void>((resolve) => this.clock.schedule(resolve, waitMs));
  }
}

/** Bounds what is under way at a time, for one caller that waits for room. What is large takes several places. */
export class Window {
  #inside = 0;
  #waiting: { readonly until: number; readonly resolve: () => void } | undefined;

  /** @param size - at least 1. */
  constructor(private readonly size: number) {}

  get isFull(): boolean {
    return this.#inside >= this.size;
  }

  enter(places: number): void {
    this.#inside += places;
  }

  leave(places: number): void {
    this.#inside -= places;
    if (this.#waiting === undefined || this.#inside > this.#waiting.until) return;
    this.#waiting.resolve();
    this.#waiting = undefined;
  }

  /** Resolves when a quarter is free: one that comes for each that leaves would wake its caller each time. */
  hasRoom(): Promise<void> {
    return this.#downTo(Math.floor((this.size * 3) / 4));
  }

  isEmpty(): Promise<void> {
    return this.#downTo(0);
  }

  #downTo(until: number): Promise<void> {
    if (this.#inside <= until) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = { until, resolve };
    });
  }
}

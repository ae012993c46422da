/** Lets a bounded number of jobs run at the same time; the first failure is thrown by the next `add`, or by `drain`. */
export class Window {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly size: number) {}

  async add(job: () => Promise<void>): Promise<void> {
    if (this.#running.size >= this.size) await Promise.race(this.#running);
    this.#throwFailure();
    const running: Promise<void> = job()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async drain(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  /** Waits for what runs, whether it fails or not. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

import type { MetricsModel } from './metrics-model';

/**
 * The time that the attempts of one app have taken, those included that still run. Run durations alone are told when an attempt
 * ends: by them, a worker that is an hour into its tasks would stand idle, and be busier than it can be when they end.
 */
export class BusyTime {
  /** What was counted so far of each queue, in milliseconds. */
  readonly #counted = new Map<string, number>();

  constructor(private readonly model: MetricsModel) {}

  /**
   * @param totalMs - what all attempts have taken until now. Less than before, while one that has ended is not told of yet or
   * after the clock was set back, counts nothing until it is more again.
   */
  update(queue: string, totalMs: number): void {
    const counted = this.#counted.get(queue) ?? 0;
    const newMs = Math.max(0, totalMs - counted);
    this.model
      .counter('warren.worker.busy_time')
      .with(queue)
      .add(newMs / 1_000);
    this.#counted.set(queue, counted + newMs);
  }
}

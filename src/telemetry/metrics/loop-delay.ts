import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { GaugeValues } from './metrics-model';

const RESOLUTION_MS = 20;
const WINDOW_MS = 10_000;
const NANOSECONDS = 1e9;

/** How late the event loop is, of the last window that has ended; of the one that runs, where none has. */
export class LoopDelay {
  readonly #histogram: IntervalHistogram;
  #since = performance.now();
  #last: GaugeValues | undefined;

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
  }

  read(): GaugeValues {
    if (performance.now() - this.#since >= WINDOW_MS) {
      this.#last = this.#values();
      this.#histogram.reset();
      this.#since = performance.now();
    }
    return this.#last ?? this.#values();
  }

  stop(): void {
    this.#histogram.disable();
  }

  #values(): GaugeValues {
    const { count, max } = this.#histogram;
    if (count === 0) return [];
    const lateness = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
    return [
      { labels: ['50'], value: lateness(this.#histogram.percentile(50)) },
      { labels: ['99'], value: lateness(this.#histogram.percentile(99)) },
      { labels: ['100'], value: lateness(max) },
    ];
  }
}

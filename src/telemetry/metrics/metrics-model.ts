import {
  bucketsOf,
  type CounterName,
  type GaugeName,
  type HistogramName,
  METRIC_NAMES,
  METRICS,
  type MetricName,
} from './metric-definitions';
import { Counter, Family, Histogram, type LabelValues, type Observer } from './series';

/** A gauge's values now. */
export type GaugeValues = readonly { readonly labels: LabelValues; readonly value: number }[];
/** Reads a gauge when somebody wants to know. */
export type GaugeReader = () => GaugeValues | Promise<GaugeValues>;

/** Gives what is told of each value of a histogram's series; `undefined`: nothing. */
export type ObserverOf = (name: HistogramName, labels: LabelValues) => Observer | undefined;

/**
 * The single store of all counts; exporters read from it. Counters and histograms go on for as long as the process;
 * gauges are read at the moment.
 */
export class MetricsModel {
  readonly #counters = new Map<MetricName, Family<Counter>>();
  readonly #histograms = new Map<MetricName, Family<Histogram>>();
  readonly #gauges = new Map<MetricName, Set<GaugeReader>>();

  /** @param observerOf - asked once for each series. */
  constructor(observerOf: ObserverOf = () => undefined) {
    for (const name of METRIC_NAMES) {
      const { kind } = METRICS[name];
      if (kind === 'counter') this.#counters.set(name, new Family(() => new Counter()));
      else if (kind === 'gauge') this.#gauges.set(name, new Set());
      else this.#addHistogram(name as HistogramName, observerOf);
    }
  }

  counter(name: CounterName): Family<Counter> {
    return this.#counters.get(name) as Family<Counter>;
  }

  histogram(name: HistogramName): Family<Histogram> {
    return this.#histograms.get(name) as Family<Histogram>;
  }

  /** Adds what reads a gauge. @returns the function that removes it. */
  addReader(name: GaugeName, read: GaugeReader): () => void {
    const readers = this.#gauges.get(name) as Set<GaugeReader>;
    readers.add(read);
    return () => {
      readers.delete(read);
    };
  }

  /** What all readers of a gauge say. One that fails says nothing, rather than to spoil what the others know. */
  async read(name: GaugeName): Promise<GaugeValues> {
    const readers = [...(this.#gauges.get(name) as Set<GaugeReader>)];
    const values = await Promise.all(readers.map(async (read) => read()).map((reading) => reading.catch(() => [])));
    return values.flat();
  }

  #addHistogram(name: HistogramName, observerOf: ObserverOf): void {
    const bounds = bucketsOf(name);
    this.#histograms.set(name, new Family((labels) => new Histogram(bounds, observerOf(name, labels))));
  }
}

import type { BatchObservableCallback, Histogram, Meter, Observable } from '@opentelemetry/api';
import type { OpenTelemetryApi } from '../traces/open-telemetry-api';
import {
  bucketsOf,
  type CounterName,
  type GaugeName,
  type HistogramName,
  METRIC_NAMES,
  METRICS,
  type MetricName,
} from './metric-definitions';
import type { MetricsModel, ObserverOf } from './metrics-model';
import { namedLabels, readValues } from './read-model';

/**
 * The metrics as instruments of OpenTelemetry. Counters and gauges are read from the model when the SDK collects. Values of
 * histograms are handed on one by one, since the API has no other way: that is what a message costs here, and what a
 * `metricProducer()` saves.
 */
export class OpenTelemetryMetrics {
  readonly #meter: Meter;
  readonly #histograms = new Map<HistogramName, Histogram>();

  constructor(api: OpenTelemetryApi) {
    this.#meter = api.metrics.getMeter('warren');
  }

  /** What the model tells each value of a histogram. */
  readonly observerOf: ObserverOf = (name, labels) => {
    const histogram = this.#histogram(name);
    const attributes = namedLabels(name, labels);
    return (value) => histogram.record(value, attributes);
  };

  /** For as long as the SDK collects. */
  export(model: MetricsModel, update: () => void): void {
    const observables = new Map(METRIC_NAMES.flatMap((name) => this.#observable(name)));
    const read: BatchObservableCallback = async (result) => {
      update();
      for (const [name, instrument] of observables) {
        for (const { labels, value } of await readValues(model, name)) {
          result.observe(instrument, value, namedLabels(name, labels));
        }
      }
    };
    this.#meter.addBatchObservableCallback(read, [...observables.values()]);
  }

  #histogram(name: HistogramName): Histogram {
    const existing = this.#histograms.get(name);
    if (existing !== undefined) return existing;
    const { help: description, unit } = METRICS[name];
    const advice = { explicitBucketBoundaries: [...bucketsOf(name)] };
    const histogram = this.#meter.createHistogram(name, { description, unit, advice });
    this.#histograms.set(name, histogram);
    return histogram;
  }

  #observable(name: MetricName): readonly (readonly [Exclude<MetricName, HistogramName>, Observable])[] {
    const { kind, unit, help: description } = METRICS[name];
    if (kind === 'counter')
      return [[name as CounterName, this.#meter.createObservableCounter(name, { description, unit })]];
    if (kind === 'gauge') return [[name as GaugeName, this.#meter.createObservableGauge(name, { description, unit })]];
    return [];
  }
}

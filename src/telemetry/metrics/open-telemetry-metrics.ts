import type { BatchObservableCallback, Histogram, Meter, Observable } from '@opentelemetry/api';
import type { OpenTelemetryApi } from '../traces/open-telemetry-api';
import type { Attachment } from './attachment';
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

  /**
   * What reads the model whenever the SDK collects. When it is detached, it is read once more, for what was counted since the
   * collection before, and then removed from the meter.
   */
  exporterOf(model: MetricsModel, update: () => void): Attachment {
    let wanted = false;
    let registered = false;
    const observables = new Map(METRIC_NAMES.flatMap((name) => this.#observable(name)));
    const read: BatchObservableCallback = async (result) => {
      update();
      const isLast = !wanted;
      for (const [name, instrument] of observables) {
        for (const { labels, value } of await readValues(model, name)) {
          result.observe(instrument, value, namedLabels(name, labels));
        }
      }
      // At the end: the SDK goes through its callbacks meanwhile. An app may have come since.
      if (!isLast || wanted) return;
      registered = false;
      this.#meter.removeBatchObservableCallback(read, instruments);
    };
    const instruments = [...observables.values()];
    return {
      attach: () => {
        wanted = true;
        if (!registered) this.#meter.addBatchObservableCallback(read, instruments);
        registered = true;
      },
      detach: () => {
        wanted = false;
      },
    };
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

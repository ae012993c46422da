import type { Attributes, BatchObservableCallback, Histogram, Meter, Observable } from '@opentelemetry/api';
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
import type { LabelValues } from './series';

/**
 * The metrics as instruments of OpenTelemetry. Counters and gauges are read from the model when the SDK collects. Values of
 * histograms are handed on one by one, since the API has no other way: that is what a message costs here.
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
    const attributes = attributesOf(name, labels);
    return (value) => histogram.record(value, attributes);
  };

  /** For as long as the SDK collects. */
  export(model: MetricsModel, update: () => void): void {
    const observables = new Map(METRIC_NAMES.flatMap((name) => this.#observable(name)));
    const read: BatchObservableCallback = async (result) => {
      update();
      for (const [name, instrument] of observables) {
        for (const { labels, value } of await valuesOf(model, name)) {
          result.observe(instrument, value, attributesOf(name, labels));
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

  #observable(name: MetricName): readonly (readonly [MetricName, Observable])[] {
    const { kind, unit, help: description } = METRICS[name];
    if (kind === 'counter') return [[name, this.#meter.createObservableCounter(name, { description, unit })]];
    if (kind === 'gauge') return [[name, this.#meter.createObservableGauge(name, { description, unit })]];
    return [];
  }
}

async function valuesOf(
  model: MetricsModel,
  name: MetricName,
): Promise<readonly { readonly labels: LabelValues; readonly value: number }[]> {
  if (METRICS[name].kind === 'gauge') return model.read(name as GaugeName);
  return [...model.counter(name as CounterName).entries()].map(({ labels, series }) => ({
    labels,
    value: series.value,
  }));
}

const attributesOf = (name: MetricName, labels: LabelValues): Attributes =>
  Object.fromEntries(METRICS[name].labels.map((label, index) => [label, labels[index] ?? '']));

import {
  bucketsOf,
  type CounterName,
  type GaugeName,
  growsWithTime,
  type HistogramName,
  METRIC_NAMES,
  METRICS,
  type MetricDefinition,
  type MetricName,
  prometheusName,
} from './metric-definitions';
import type { MetricsModel } from './metrics-model';
import { namedLabels, readValues } from './read-model';
import type { Histogram } from './series';

/** A value as prom-client writes it. */
export interface PrometheusValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/** A metric as a registry of prom-client takes it. */
export interface PrometheusMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricDefinition['kind'];
  readonly aggregator: 'sum' | 'max';
  readonly values: readonly PrometheusValue[];
}

/** What is needed of a registry of prom-client. */
export interface PrometheusRegistry {
  readonly contentType: string;
  metrics(): Promise<string>;
  registerMetric(metric: never): void;
}

/** Adds all metrics to a registry, which reads them whenever it is asked for its text. */
export function registerMetrics(registry: PrometheusRegistry, model: MetricsModel, update: () => void): void {
  for (const metric of METRIC_NAMES) {
    const { help, kind } = METRICS[metric];
    const name = prometheusName(metric);
    const read = async (): Promise<PrometheusMetric> => {
      // prom-client asks each metric by itself.
      if (growsWithTime(metric)) update();
      return {
        name,
        help,
        type: kind,
        aggregator: kind === 'gauge' ? 'max' : 'sum',
        values: await values(model, metric),
      };
    };
    // What prom-client asks a metric for, with nothing of it that counts.
    registry.registerMetric({ name, help, type: kind, aggregator: 'sum', get: read, reset: () => undefined } as never);
  }
}

async function values(model: MetricsModel, name: MetricName): Promise<readonly PrometheusValue[]> {
  if (METRICS[name].kind === 'histogram') {
    return [...model.histogram(name as HistogramName).entries()].flatMap(({ labels, series }) =>
      histogramValues(name as HistogramName, namedLabels(name, labels), series),
    );
  }
  const read = await readValues(model, name as CounterName | GaugeName);
  return read.map(({ labels, value }) => ({ labels: namedLabels(name, labels), value }));
}

/** Prometheus counts into a bucket all that is below its end, and so all of the buckets before it. */
function histogramValues(
  name: HistogramName,
  labels: Readonly<Record<string, string>>,
  { counts, sum, count }: Histogram,
): readonly PrometheusValue[] {
  const base = prometheusName(name);
  let below = 0;
  const buckets = bucketsOf(name).map((le, index) => {
    below += counts[index] ?? 0;
    return { metricName: `${base}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${base}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${base}_sum`, labels, value: sum },
    { metricName: `${base}_count`, labels, value: count },
  ];
}

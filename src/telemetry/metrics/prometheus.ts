import { ConfigurationError } from '../../errors/configuration-error';
import type { Attachment } from './attachment';
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
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

/** What is shown of one telemetry. */
export interface PrometheusSource {
  readonly model: MetricsModel;
  /** Brings what grows with time up to now. */
  readonly update: () => void;
}

/** What stands in a registry for all telemetries that show themselves in it. */
interface RegistryEntry {
  readonly sources: Set<PrometheusSource>;
  readonly metrics: readonly RegisteredMetric[];
}

interface RegisteredMetric {
  readonly name: string;
}

const entries = new WeakMap<PrometheusRegistry, RegistryEntry>();

/**
 * Shows a telemetry in a registry while it is attached. Several may be shown in one registry: their values are added up. The
 * last one takes the metrics away, so that the next app finds the registry as it was.
 *
 * @throws ConfigurationError on `attach`, when the registry has a metric of such a name that is not Warren's.
 */
export function addToRegistry(registry: PrometheusRegistry, source: PrometheusSource): Attachment {
  const entry = entries.get(registry) ?? newEntry();
  entries.set(registry, entry);
  return {
    attach: () => {
      register(registry, entry);
      entry.sources.add(source);
    },
    detach: () => {
      entry.sources.delete(source);
      if (entry.sources.size === 0) unregister(registry, entry.metrics);
    },
  };
}

/** Also where others are shown already: somebody may have cleared the registry meanwhile. */
function register(registry: PrometheusRegistry, { metrics }: RegistryEntry): void {
  const missing = metrics.filter((metric) => registry.getSingleMetric(metric.name) !== metric);
  const taken = missing.filter(({ name }) => registry.getSingleMetric(name) !== undefined);
  if (taken.length > 0) {
    throw new ConfigurationError(
      taken.map(
        ({ name }) =>
          `telemetry: the registry given as "prometheus" has a metric "${name}" that is not of this copy of Warren: give Warren another registry, or rename that metric`,
      ),
    );
  }
  for (const metric of missing) registry.registerMetric(metric as never);
}

function unregister(registry: PrometheusRegistry, metrics: readonly RegisteredMetric[]): void {
  for (const metric of metrics) {
    if (registry.getSingleMetric(metric.name) === metric) registry.removeSingleMetric(metric.name);
  }
}

function newEntry(): RegistryEntry {
  const sources = new Set<PrometheusSource>();
  return { sources, metrics: METRIC_NAMES.map((metric) => registeredMetric(metric, sources)) };
}

/** What prom-client asks a metric for, with nothing of it that counts. */
function registeredMetric(metric: MetricName, sources: ReadonlySet<PrometheusSource>): RegisteredMetric {
  const { help, kind } = METRICS[metric];
  const name = prometheusName(metric);
  const get = async (): Promise<PrometheusMetric> => {
    // prom-client asks each metric by itself.
    if (growsWithTime(metric)) for (const { update } of sources) update();
    return {
      name,
      help,
      type: kind,
      aggregator: kind === 'gauge' ? 'max' : 'sum',
      values: await valuesOfAll([...sources], metric),
    };
  };
  return { name, help, type: kind, aggregator: 'sum', get, reset: () => undefined } as RegisteredMetric;
}

async function valuesOfAll(
  sources: readonly PrometheusSource[],
  metric: MetricName,
): Promise<readonly PrometheusValue[]> {
  const read = await Promise.all(sources.map(({ model }) => values(model, metric)));
  if (read.length <= 1) return read[0] ?? [];
  const combine = METRICS[metric].kind === 'gauge' ? Math.max : (a: number, b: number): number => a + b;
  const combined = new Map<string, PrometheusValue>();
  for (const each of read.flat()) {
    const key = JSON.stringify([each.metricName, each.labels]);
    const other = combined.get(key);
    combined.set(key, other === undefined ? each : { ...each, value: combine(each.value, other.value) });
  }
  return [...combined.values()];
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

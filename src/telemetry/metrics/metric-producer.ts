import { bucketsOf, type HistogramName, METRIC_NAMES, METRICS, type MetricName } from './metric-definitions';
import type { MetricsModel } from './metrics-model';
import { namedLabels, readValues } from './read-model';

/** Seconds and nanoseconds since 1970. */
type Instant = [number, number];

interface Point<V> {
  readonly startTime: Instant;
  readonly endTime: Instant;
  readonly attributes: Record<string, string>;
  readonly value: V;
}

interface HistogramValue {
  readonly buckets: { readonly boundaries: number[]; readonly counts: number[] };
  readonly sum: number;
  readonly count: number;
}

/** The values of three enumerations of `@opentelemetry/sdk-metrics` 2 and `@opentelemetry/api` 1, which are not loaded here. */
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
const CUMULATIVE = 1;
const DOUBLE = 1;

interface Described {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: 1;
  };
  readonly aggregationTemporality: 1;
}

/** One metric as a reader of OpenTelemetry's SDK takes it. */
export type ProducedMetric = Described &
  (
    | { readonly dataPointType: 0; readonly dataPoints: Point<HistogramValue>[] }
    | { readonly dataPointType: 2; readonly dataPoints: Point<number>[] }
    | { readonly dataPointType: 3; readonly dataPoints: Point<number>[]; readonly isMonotonic: boolean }
  );

/** A resource without attributes: a reader takes that of its own SDK. */
interface EmptyResource {
  readonly attributes: Record<string, never>;
  merge<R>(other: R | null): R | this;
  getRawAttributes(): [];
}

/** What a `MetricProducer` of OpenTelemetry's SDK gives its reader. */
export interface ProducedMetrics {
  readonly resourceMetrics: {
    readonly resource: EmptyResource;
    readonly scopeMetrics: { readonly scope: { readonly name: string }; readonly metrics: ProducedMetric[] }[];
  };
  readonly errors: unknown[];
}

/**
 * Warren's metrics for a metric reader of `@opentelemetry/sdk-metrics`, as its option `metricProducers` takes it. Sums and
 * histograms count since the app was made (cumulative temporality), whatever the exporter prefers.
 */
export interface MetricProducer {
  collect(): Promise<ProducedMetrics>;
}

/** Where counted metrics are read from. */
export interface MetricsSource {
  readonly model: MetricsModel;
  /** Brings what grows with time up to now. */
  readonly update: () => void;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Gives what was counted to an SDK's reader as it is, where the API would take value by value. */
export class OwnMetricProducer implements MetricProducer {
  readonly #sources: MetricsSource[] = [];

  /** @internal Called once for each `telemetry()` that was given this producer. */
  add(source: MetricsSource): void {
    this.#sources.push(source);
  }

  async collect(): Promise<ProducedMetrics> {
    const read = this.#sources.map((source) => metricsOf(source, instantOf(Date.now())));
    const metrics = (await Promise.all(read)).flat();
    return {
      resourceMetrics: { resource: NO_RESOURCE, scopeMetrics: [{ scope: { name: 'warren' }, metrics }] },
      errors: [],
    };
  }
}

const NO_RESOURCE: EmptyResource = {
  attributes: {},
  merge(other) {
    return other ?? this;
  },
  getRawAttributes: () => [],
};

async function metricsOf({ model, update, since }: MetricsSource, endTime: Instant): Promise<ProducedMetric[]> {
  update();
  const times = { startTime: instantOf(since), endTime };
  const metrics = await Promise.all(METRIC_NAMES.map((name) => metricOf(model, name, times)));
  return metrics.filter(({ dataPoints }) => dataPoints.length > 0);
}

type Times = Pick<Point<unknown>, 'startTime' | 'endTime'>;

async function metricOf(model: MetricsModel, name: MetricName, times: Times): Promise<ProducedMetric> {
  const { kind, unit, help: description } = METRICS[name];
  const described: Described = {
    descriptor: { name, description, unit, valueType: DOUBLE },
    aggregationTemporality: CUMULATIVE,
  };
  if (kind === 'histogram') {
    return { ...described, dataPointType: HISTOGRAM, dataPoints: histogramPoints(model, name as HistogramName, times) };
  }
  const values = await readValues(model, name as Exclude<MetricName, HistogramName>);
  const dataPoints = values.map(({ labels, value }) => ({ ...times, attributes: namedLabels(name, labels), value }));
  return kind === 'gauge'
    ? { ...described, dataPointType: GAUGE, dataPoints }
    : { ...described, dataPointType: SUM, dataPoints, isMonotonic: true };
}

function histogramPoints(model: MetricsModel, name: HistogramName, times: Times): Point<HistogramValue>[] {
  const boundaries = [...bucketsOf(name)];
  return [...model.histogram(name).entries()].map(({ labels, series: { counts, sum, count } }) => ({
    ...times,
    attributes: namedLabels(name, labels),
    value: { buckets: { boundaries, counts: [...counts] }, sum, count },
  }));
}

const instantOf = (milliseconds: number): Instant => {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)];
};

import { assertNever } from '../../errors/assert-never';
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
import type { GaugeValues, MetricsModel } from './metrics-model';
import {
  type CountedMetric,
  CUMULATIVE,
  type Described,
  DOUBLE,
  type EmptyResource,
  GAUGE,
  HISTOGRAM,
  type HistogramValue,
  type Instant,
  type Point,
  type ProducedGauge,
  type ProducedMetric,
  type ProducedMetrics,
  SUM,
} from './produced-metrics';
import { namedLabels, readCounter } from './read-model';
import { SinceLast } from './since-last';

/**
 * Warren's metrics for a metric reader of `@opentelemetry/sdk-metrics`, as its option `metricProducers` takes it. Sums and
 * histograms have the producer's own temporality, whatever the exporter prefers.
 */
export interface MetricProducer {
  collect(): Promise<ProducedMetrics>;
}

/** `'cumulative'`: counted since the app was made; `'delta'`: since the last collection. */
export type MetricTemporality = 'cumulative' | 'delta';

/** Where counted metrics are read from. */
export interface MetricsSource {
  readonly model: MetricsModel;
  /** Brings what grows with time up to now. */
  readonly update: () => void;
  /** Milliseconds since 1970. */
  readonly since: number;
}

interface AddedSource {
  readonly source: MetricsSource;
  readonly sinceLast: SinceLast | undefined;
  wanted: boolean;
}

/** Gives what was counted to an SDK's reader as it is, where the API would take value by value. */
export class OwnMetricProducer implements MetricProducer {
  readonly #sources = new Set<AddedSource>();

  constructor(private readonly temporality: MetricTemporality) {}

  /**
   * @internal Called once for each `telemetry()` that was given this producer. What is detached is collected once more, for
   * what was counted since the collection before.
   */
  sourceOf(source: MetricsSource): Attachment {
    const sinceLast = this.temporality === 'delta' ? new SinceLast() : undefined;
    const added: AddedSource = { source, sinceLast, wanted: true };
    return {
      attach: () => {
        added.wanted = true;
        this.#sources.add(added);
      },
      detach: () => {
        added.wanted = false;
      },
    };
  }

  async collect(): Promise<ProducedMetrics> {
    const endTime = instantOf(Date.now());
    const read = [...this.#sources].map(async (added) => {
      const { source, sinceLast } = added;
      if (!added.wanted) this.#sources.delete(added);
      const times = { startTime: instantOf(source.since), endTime };
      // Nothing is waited for in between: two collections at a time would else take from each other.
      const counted = countedBy(source, times);
      const taken = sinceLast === undefined ? counted : sinceLast.take(counted, endTime);
      return [...taken, ...(await gaugesOf(source, times))];
    });
    const metrics: ProducedMetric[] = (await Promise.all(read)).flat();
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

type Times = Pick<Point<unknown>, 'startTime' | 'endTime'>;

function countedBy({ model, update }: MetricsSource, times: Times): readonly CountedMetric[] {
  update();
  return METRIC_NAMES.flatMap((name) => counted(model, name, times)).filter(({ dataPoints }) => dataPoints.length > 0);
}

function counted(model: MetricsModel, name: MetricName, times: Times): readonly CountedMetric[] {
  switch (METRICS[name].kind) {
    case 'gauge':
      return [];
    case 'histogram': {
      const dataPoints = histogramPoints(model, name as HistogramName, times);
      return [{ ...described(name), dataPointType: HISTOGRAM, dataPoints }];
    }
    case 'counter': {
      const dataPoints = numberPoints(name, readCounter(model, name as CounterName), times);
      return [{ ...described(name), dataPointType: SUM, dataPoints, isMonotonic: true }];
    }
    default:
      return assertNever(METRICS[name]);
  }
}

function histogramPoints(model: MetricsModel, name: HistogramName, times: Times): Point<HistogramValue>[] {
  const boundaries = [...bucketsOf(name)];
  return [...model.histogram(name).entries()].map(({ labels, series: { counts, sum, count } }) => ({
    ...times,
    attributes: namedLabels(name, labels),
    value: { buckets: { boundaries, counts: [...counts] }, sum, count },
  }));
}

const numberPoints = (name: MetricName, values: GaugeValues, times: Times): Point<number>[] =>
  values.map(({ labels, value }) => ({ ...times, attributes: namedLabels(name, labels), value }));

async function gaugesOf({ model }: MetricsSource, times: Times): Promise<readonly ProducedGauge[]> {
  const names = METRIC_NAMES.filter((name) => METRICS[name].kind === 'gauge') as readonly GaugeName[];
  const gauges = await Promise.all(
    names.map(async (name): Promise<ProducedGauge> => {
      const dataPoints = numberPoints(name, await model.read(name), times);
      return { ...described(name), dataPointType: GAUGE, dataPoints };
    }),
  );
  return gauges.filter(({ dataPoints }) => dataPoints.length > 0);
}

function described(name: MetricName): Described {
  const { unit, help: description } = METRICS[name];
  return {
    descriptor: { name, description, unit, valueType: DOUBLE },
    aggregationTemporality: CUMULATIVE,
  };
}

const instantOf = (milliseconds: number): Instant => {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)];
};

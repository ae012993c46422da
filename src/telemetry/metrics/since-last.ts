import {
  type CountedMetric,
  DELTA,
  HISTOGRAM,
  type HistogramValue,
  type Instant,
  type Point,
} from './produced-metrics';

/** Makes of what counts since the beginning what came since the last time: delta temporality. */
export class SinceLast {
  readonly #sums = new Map<string, number>();
  readonly #histograms = new Map<string, HistogramValue>();
  #until: Instant | undefined;

  /**
   * @param metrics - cumulative ones, of one moment.
   * @param until - that moment.
   */
  take(metrics: readonly CountedMetric[], until: Instant): CountedMetric[] {
    const from = this.#until;
    this.#until = until;
    return metrics.map((metric) => this.#since(from, metric)).filter(({ dataPoints }) => dataPoints.length > 0);
  }

  #since(from: Instant | undefined, metric: CountedMetric): CountedMetric {
    const { name } = metric.descriptor;
    if (metric.dataPointType === HISTOGRAM) {
      const dataPoints = metric.dataPoints.map((point) => since(from, this.#histograms, name, point, lessHistogram));
      // As the SDK does it: a histogram to which nothing was added is not exported, a sum is.
      return {
        ...metric,
        aggregationTemporality: DELTA,
        dataPoints: dataPoints.filter(({ value }) => value.count > 0),
      };
    }
    const dataPoints = metric.dataPoints.map((point) =>
      since(from, this.#sums, name, point, (now, last) => now - last),
    );
    return { ...metric, aggregationTemporality: DELTA, dataPoints };
  }
}

function since<V>(
  from: Instant | undefined,
  lastValues: Map<string, V>,
  name: string,
  point: Point<V>,
  less: (now: V, last: V) => V,
): Point<V> {
  const key = [name, ...Object.values(point.attributes)].join('\u0000');
  const last = lastValues.get(key);
  lastValues.set(key, point.value);
  return {
    ...point,
    startTime: from ?? point.startTime,
    value: last === undefined ? point.value : less(point.value, last),
  };
}

function lessHistogram(now: HistogramValue, last: HistogramValue): HistogramValue {
  const counts = now.buckets.counts.map((count, index) => count - (last.buckets.counts[index] ?? 0));
  return {
    buckets: { boundaries: now.buckets.boundaries, counts },
    sum: now.sum - last.sum,
    count: now.count - last.count,
  };
}

/** Seconds and nanoseconds since 1970. */
export type Instant = [number, number];

export interface Point<V> {
  readonly startTime: Instant;
  readonly endTime: Instant;
  readonly attributes: Record<string, string>;
  readonly value: V;
}

export interface HistogramValue {
  readonly buckets: { readonly boundaries: number[]; readonly counts: number[] };
  readonly sum: number;
  readonly count: number;
}

/** The values of three enumerations of `@opentelemetry/sdk-metrics` 2 and `@opentelemetry/api` 1, which are not loaded here. */
export const HISTOGRAM = 0;
export const GAUGE = 2;
export const SUM = 3;
export const DELTA = 0;
export const CUMULATIVE = 1;
export const DOUBLE = 1;

export interface Described {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: 1;
  };
  readonly aggregationTemporality: 0 | 1;
}

export type ProducedHistogram = Described & {
  readonly dataPointType: 0;
  readonly dataPoints: Point<HistogramValue>[];
};
export type ProducedGauge = Described & { readonly dataPointType: 2; readonly dataPoints: Point<number>[] };
export type ProducedSum = Described & {
  readonly dataPointType: 3;
  readonly dataPoints: Point<number>[];
  readonly isMonotonic: boolean;
};

/** What grows with each event, while a gauge is what is now. */
export type CountedMetric = ProducedHistogram | ProducedSum;

/** One metric as a reader of OpenTelemetry's SDK takes it. */
export type ProducedMetric = CountedMetric | ProducedGauge;

/** A resource without attributes: a reader takes that of its own SDK. */
export interface EmptyResource {
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

export type { Telemetry } from '../events/telemetry';
export type { MetricProducer, ProducedMetric, ProducedMetrics } from './metrics/metric-producer';
export type { TelemetryOptions } from './options';
export { metricProducer, telemetry } from './telemetry';

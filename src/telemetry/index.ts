export type { Telemetry } from '../events/telemetry';
export type { MetricProducer, MetricTemporality } from './metrics/metric-producer';
export type { ProducedMetric, ProducedMetrics } from './metrics/produced-metrics';
export type { MetricProducerOptions, TelemetryOptions } from './options';
export { metricProducer, telemetry } from './telemetry';

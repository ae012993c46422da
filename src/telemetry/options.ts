import { ConfigurationError } from '../errors/configuration-error';
import { OptionReader } from '../options/option-reader';
import { type MetricProducer, type MetricTemporality, OwnMetricProducer } from './metrics/metric-producer';
import type { PrometheusRegistry } from './metrics/prometheus';

/** What `telemetry()` shall do. Nothing is on by default, and only what is on is loaded. */
export interface TelemetryOptions {
  /**
   * Spans for enqueuing, for each attempt and for its settlement, through `@opentelemetry/api`, which you install beside
   * an SDK of your choice. @defaultValue `false`
   */
  readonly traces?: boolean;
  /**
   * Metrics through OpenTelemetry. `true`: through `@opentelemetry/api`, which costs several microseconds a task; or a
   * {@link metricProducer}, which a metric reader of your SDK asks for what was counted. @defaultValue `false`
   */
  readonly metrics?: boolean | MetricProducer;
  /**
   * Metrics as Prometheus' text, which the app's HTTP endpoint shows at `/metrics`. Takes `prom-client`, which you install.
   * `true`: in a registry of their own; or in one of yours, beside your own metrics. @defaultValue `false`
   */
  readonly prometheus?: boolean | PrometheusRegistry;
}

/** How a `metricProducer()` tells what it has counted. */
export interface MetricProducerOptions {
  /**
   * Whether sums and histograms count since the app was made, or since the last collection, as some backends insist. A
   * producer that counts since the last one goes into one reader only: a second one would take from the first.
   * @defaultValue `'cumulative'`
   */
  readonly temporality?: MetricTemporality;
}

export interface ResolvedTelemetryOptions {
  readonly traces: boolean;
  readonly metrics: boolean | OwnMetricProducer;
  readonly prometheus: boolean | PrometheusRegistry;
}

const OPTION_KEYS = ['traces', 'metrics', 'prometheus'] as const satisfies readonly (keyof TelemetryOptions)[];

/** @throws ConfigurationError with every mistake. */
export function readProducerOptions(options: MetricProducerOptions): Required<MetricProducerOptions> {
  const problems: string[] = [];
  const reader = new OptionReader(options, 'metricProducer', problems);
  reader.refuseUnknown(['temporality']);
  const temporality = reader.oneOf('temporality', ['cumulative', 'delta']) ?? 'cumulative';
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { temporality };
}

/** @throws ConfigurationError with every mistake. */
export function readTelemetryOptions(options: TelemetryOptions): ResolvedTelemetryOptions {
  const problems: string[] = [];
  const reader = new OptionReader(options, 'telemetry', problems);
  reader.refuseUnknown(OPTION_KEYS);
  const resolved = {
    traces: reader.flag('traces') ?? false,
    metrics: readMetrics(reader),
    prometheus: readPrometheus(reader),
  };
  if (problems.length === 0 && Object.values(resolved).every((value) => value === false)) {
    reader.note(`nothing is turned on: give one of ${OPTION_KEYS.join(', ')}`);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze(resolved);
}

function readMetrics(reader: OptionReader): boolean | OwnMetricProducer {
  const value = reader.value('metrics') ?? false;
  if (typeof value === 'boolean' || value instanceof OwnMetricProducer) return value;
  reader.refuse('metrics', 'true, false or what metricProducer() gives');
  return false;
}

function readPrometheus(reader: OptionReader): boolean | PrometheusRegistry {
  const value = reader.value('prometheus') ?? false;
  if (typeof value === 'boolean') return value;
  const isRegistry = (['metrics', 'registerMetric', 'getSingleMetric', 'removeSingleMetric'] as const).every(
    (method) => typeof value === 'object' && typeof Reflect.get(value, method) === 'function',
  );
  if (isRegistry) return value as PrometheusRegistry;
  reader.refuse('prometheus', 'true, false or a Registry of prom-client');
  return false;
}

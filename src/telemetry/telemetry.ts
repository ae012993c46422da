import type { AppTelemetry, ObservedApp, Telemetry } from '../events/telemetry';
import { loadPeer } from './load-peer';
import { type MetricProducer, OwnMetricProducer } from './metrics/metric-producer';
import { MetricsExport } from './metrics/metrics-export';
import type { PrometheusRegistry } from './metrics/prometheus';
import {
  type MetricProducerOptions,
  readProducerOptions,
  readTelemetryOptions,
  type TelemetryOptions,
} from './options';
import type { OpenTelemetryApi } from './traces/open-telemetry-api';
import { OpenTelemetryTracer } from './traces/open-telemetry-tracer';

/**
 * Makes traces and metrics of apps: give it to `createTaskApp`, or to `WarrenModule.forRoot`. Several apps of a process
 * may share one; their metrics then add up.
 *
 * @throws ConfigurationError when an option is wrong, nothing is turned on, or a package that it needs is not installed.
 *
 * @example
 * ```ts
 * const app = await createTaskApp({
 *   tasks: [EmailTasks],
 *   http: { port: 9090 },
 *   telemetry: telemetry({ traces: true, prometheus: true }),
 * });
 * ```
 *
 * @see docs/decisions/011-telemetry.md
 */
export function telemetry(options: TelemetryOptions): Telemetry {
  const { traces, metrics, prometheus } = readTelemetryOptions(options);
  const tracing = traces ? loadOpenTelemetry('traces') : undefined;
  const registry = typeof prometheus === 'boolean' ? (prometheus ? newRegistry() : undefined) : prometheus;
  const producer = typeof metrics === 'boolean' ? undefined : metrics;
  const measuring =
    metrics !== false || registry !== undefined
      ? new MetricsExport(metrics === true ? loadOpenTelemetry('metrics') : undefined, registry, producer)
      : undefined;
  return { observe: (app) => observe(app, tracing, measuring) };
}

/**
 * Warren's metrics for an OpenTelemetry reader: give it to the reader, and to `telemetry()`. The SDK then takes over what
 * Warren has counted when it collects, where `metrics: true` hands it three values a task. Views of the SDK do not apply.
 *
 * @throws ConfigurationError when an option is wrong.
 *
 * @example
 * ```ts
 * const producer = metricProducer();
 * const reader = new PeriodicExportingMetricReader({ exporter, metricProducers: [producer] });
 * const app = await createTaskApp({ tasks: [EmailTasks], telemetry: telemetry({ metrics: producer }) });
 * ```
 */
export const metricProducer = (options: MetricProducerOptions = {}): MetricProducer =>
  new OwnMetricProducer(readProducerOptions(options).temporality);

function observe(
  app: ObservedApp,
  tracing: OpenTelemetryApi | undefined,
  measuring: MetricsExport | undefined,
): AppTelemetry {
  let stop: (() => void) | undefined;
  return {
    tracer: tracing === undefined ? undefined : new OpenTelemetryTracer(tracing, app.address),
    pages: measuring?.pages ?? [],
    // Not before: an app that never starts would leave its metrics behind.
    start: () => {
      stop ??= measuring?.add(app);
    },
    stop: () => {
      stop?.();
      stop = undefined;
    },
  };
}

const loadOpenTelemetry = (option: string): OpenTelemetryApi =>
  loadPeer<OpenTelemetryApi>('@opentelemetry/api', option);

function newRegistry(): PrometheusRegistry {
  const { Registry } = loadPeer<typeof import('prom-client')>('prom-client', 'prometheus');
  return new Registry();
}

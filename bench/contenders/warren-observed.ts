import { metrics } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { type MetricProducer, metricProducer, type Telemetry, telemetry } from 'warren/telemetry';
import type { Contender } from './contender';
import { warrenContender } from './warren-contender';

/** What traces and metrics cost: Warren as it is, with one of them on. What leaves the process is thrown away. */
export const warrenPrometheus = observed('Warren, Prometheus', () => telemetry({ prometheus: true }));

export const warrenMetrics = observed('Warren, OpenTelemetry metrics', () => {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader()] }));
  return telemetry({ metrics: true });
});

export const warrenProducer = observed('Warren, OpenTelemetry metrics by a producer', () => {
  const producer = metricProducer();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader(producer)] }));
  return telemetry({ metrics: producer });
});

export const warrenTraces = observed('Warren, traces of 1 %', () => {
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: ExportResultCode.SUCCESS }),
    shutdown: () => Promise.resolve(),
  };
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.01) });
  new NodeTracerProvider({ sampler, spanProcessors: [new BatchSpanProcessor(exporter)] }).register();
  return telemetry({ traces: true });
});

function observed(label: string, observe: () => Telemetry): Contender {
  const asWarren = { enqueue: 'as Warren', consume: 'as Warren' };
  return warrenContender({ label, durability: asWarren, options: () => ({ telemetry: observe() }) });
}

function reader(...metricProducers: MetricProducer[]): PeriodicExportingMetricReader {
  const exporter = {
    export: (_metrics: unknown, done: (result: { code: number }) => void) => done({ code: ExportResultCode.SUCCESS }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 5_000,
    exportTimeoutMillis: 4_000,
    metricProducers,
  });
}

import 'reflect-metadata';
import { metrics } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { IsBoolean, IsInt, IsString } from 'class-validator';
import { createTaskApp, Task, TaskQueue } from 'warren';
import { type Telemetry, telemetry } from 'warren/telemetry';
import { packageVersion } from '../package-version';
import type { Payload } from '../payload';
import { SETTINGS } from '../settings';
import type { Contender } from './contender';
import { removeQueues } from './remove-queues';

/** What traces and metrics cost: Warren as it is, with one of them on. What leaves the process is thrown away. */
export const warrenPrometheus = observed('Warren, Prometheus', () => telemetry({ prometheus: true }));

export const warrenMetrics = observed('Warren, OpenTelemetry metrics', () => {
  const exporter = {
    export: (_metrics: unknown, done: (result: { code: number }) => void) => done({ code: ExportResultCode.SUCCESS }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 5_000,
    exportTimeoutMillis: 4_000,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return telemetry({ metrics: true });
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

class ValidatedPayload implements Payload {
  @IsString() readonly id!: string;
  @IsString() readonly to!: string;
  @IsInt() readonly amount!: number;
  @IsBoolean() readonly urgent!: boolean;
  @IsString() readonly text!: string;
}

function observed(label: string, observe: () => Telemetry): Contender {
  return {
    label,
    version: packageVersion('warren'),
    durability: { enqueue: 'as Warren', consume: 'as Warren' },

    async openSender({ url, queue }) {
      const BenchTasks = benchTasks(queue, () => undefined);
      const worker = await createTaskApp({ url, tasks: [BenchTasks], logger: false });
      await worker.start();
      await worker.stop();
      const app = await createTaskApp({ url, consume: false, logger: false, telemetry: observe() });
      await app.start();
      const tasks = app.client.of(BenchTasks);
      return { send: (payload) => tasks.work(payload), close: () => app.stop() };
    },

    async openReceiver({ url, queue }, onTask) {
      const app = await createTaskApp({
        url,
        tasks: [benchTasks(queue, onTask)],
        logger: false,
        telemetry: observe(),
      });
      await app.start();
      return { close: () => app.stop() };
    },

    removeQueues: ({ url, queue }) => removeQueues(url, [queue, `${queue}.dead`]),
  };
}

/** A class for each queue, since a decorator names it. */
function benchTasks(queue: string, onTask: () => void) {
  @TaskQueue(queue, { concurrency: SETTINGS.prefetch, prefetch: SETTINGS.prefetch })
  class BenchTasks {
    @Task()
    work(_payload: ValidatedPayload): void {
      onTask();
    }
  }
  return BenchTasks;
}

import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { Gauge, Registry } from 'prom-client';
import { createTaskApp, Task, TaskQueue } from '../../../src';
import { metricProducer, telemetry } from '../../../src/telemetry';
import { MetricsExport } from '../../../src/telemetry/metrics/metrics-export';
import type { OpenTelemetryApi } from '../../../src/telemetry/traces/open-telemetry-api';
import { startApp, stopApps } from '../../support/apps';
import { bounded } from '../../support/bounded';

@TaskQueue('jobs')
class Jobs {
  @Task({ payload: 'none' }) run(): void {}
}

afterEach(stopApps);

const start = (registry: Registry) =>
  startApp({ url: 'memory:', tasks: [Jobs], telemetry: telemetry({ prometheus: registry }) });

async function runOne(app: Awaited<ReturnType<typeof start>>): Promise<void> {
  const completed = app.once('task:completed');
  await app.client.of(Jobs).run();
  await bounded('completion', completed);
}

const namesIn = (registry: Registry) => registry.getMetricsAsArray().map(({ name }) => name);

async function completedIn(registry: Registry): Promise<string | undefined> {
  const text = await registry.metrics();
  return text.split('\n').find((line) => line.startsWith('warren_tasks_completed_total{'));
}

describe('a registry of prom-client', () => {
  it('is as it was when its app has stopped, and takes the next one', async () => {
    const registry = new Registry();
    new Gauge({ name: 'mine', help: 'of the application', registers: [registry] });
    for (let round = 0; round < 3; round++) {
      const app = await start(registry);
      await runOne(app);
      expect(await completedIn(registry)).toMatch(/ 1$/);
      await app.stop();
      expect(namesIn(registry)).toEqual(['mine']);
    }
  });

  it('shows two apps at a time added up, and the second one alone when the first has stopped', async () => {
    const registry = new Registry();
    const first = await start(registry);
    const second = await start(registry);
    await runOne(first);
    await runOne(second);
    await runOne(second);
    expect(await completedIn(registry)).toMatch(/ 3$/);
    await first.stop();
    expect(await completedIn(registry)).toMatch(/ 2$/);
    await second.stop();
    expect(namesIn(registry)).toEqual([]);
  });

  it('goes on counting for a telemetry that one app after another has', async () => {
    const registry = new Registry();
    const shared = telemetry({ prometheus: registry });
    for (const count of [1, 2]) {
      const app = await startApp({ url: 'memory:', tasks: [Jobs], telemetry: shared });
      await runOne(app);
      expect(await completedIn(registry)).toMatch(new RegExp(` ${count}$`));
      await app.stop();
      await app.stop();
    }
  });

  it('is not touched by an app that is made and never started, or cannot be made', async () => {
    const registry = new Registry();
    const options = { url: 'memory:', logger: false, telemetry: telemetry({ prometheus: registry }) } as const;
    await createTaskApp({ ...options, tasks: [Jobs] });
    await expect(createTaskApp({ ...options, tasks: [Jobs], consume: ['other'] })).rejects.toThrow('other');
    expect(namesIn(registry)).toEqual([]);
  });

  it('is as it was when a start has failed', async () => {
    const registry = new Registry();
    const app = await createTaskApp({
      url: 'amqp://127.0.0.1:1',
      logger: false,
      telemetry: telemetry({ prometheus: registry }),
    });
    await expect(app.start()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(namesIn(registry)).toEqual([]);
  });

  it('is filled again when somebody has cleared it meanwhile', async () => {
    const registry = new Registry();
    await start(registry);
    registry.clear();
    await runOne(await start(registry));
    expect(await completedIn(registry)).toMatch(/ 1$/);
  });

  it('is refused by name where a metric of somebody else is in the way, and left alone', async () => {
    const registry = new Registry();
    new Gauge({ name: 'warren_tasks_completed_total', help: 'of the application', registers: [registry] });
    await expect(start(registry)).rejects.toThrow(
      /has a metric "warren_tasks_completed_total" that is not of this copy of Warren: give Warren another registry/,
    );
    expect(namesIn(registry)).toEqual(['warren_tasks_completed_total']);
  });
});

class HandReader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

const observedApp = () => ({
  events: { on: () => () => undefined },
  now: () => 0,
  address: () => 'memory:',
  queues: [],
  slots: () => [{ queue: 'jobs', slots: 4, running: 0, runningMs: 1_000 }],
  tasks: [],
  queueState: async () => undefined,
});

describe('what collects through OpenTelemetry', () => {
  it('reads an app that has stopped once more, and never again', async () => {
    const reader = new HandReader();
    const provider = new MeterProvider({ readers: [reader] });
    const measuring = new MetricsExport({ metrics: provider } as unknown as OpenTelemetryApi, undefined, undefined);
    const busy = async () => {
      const { resourceMetrics } = await reader.collect();
      const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
      return all.find(({ descriptor }) => descriptor.name === 'warren.worker.busy_time')?.dataPoints.length ?? 0;
    };
    const removed = jest.spyOn(provider.getMeter('warren'), 'removeBatchObservableCallback');
    for (const times of [1, 2]) {
      measuring.add(observedApp())();
      expect(await busy()).toBe(1);
      expect(removed).toHaveBeenCalledTimes(times);
      await reader.collect();
      expect(removed).toHaveBeenCalledTimes(times);
    }
    await provider.shutdown();
  });

  it('collects an app that has stopped once more from a producer, and never again', async () => {
    const producer = metricProducer();
    const options = { url: 'memory:', tasks: [Jobs] };
    const count = async (): Promise<number> => {
      const { resourceMetrics } = await producer.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).length;
    };
    for (let round = 0; round < 3; round++) {
      const app = await startApp({ ...options, telemetry: telemetry({ metrics: producer }) });
      await runOne(app);
      await app.stop();
    }
    expect(await count()).toBeGreaterThan(0);
    expect(await count()).toBe(0);
  });
});

import { spawnSync } from 'node:child_process';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Registry } from 'prom-client';
import {
  type ClassType,
  DiscardTask,
  defineTask,
  FailTask,
  fixed,
  SnoozeTask,
  Task,
  type TaskApp,
  type TaskAppOptions,
  TaskQueue,
} from '../../../src';
import { metricProducer, telemetry } from '../../../src/telemetry';
import { METRIC_NAMES, METRICS, prometheusName } from '../../../src/telemetry/metrics/metric-definitions';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';
import { Scrape } from '../../support/prometheus-text';

/** A class whose tasks do what their payload says. */
function deeds() {
  const queue = uniqueName('deeds');
  const seen = new Set<string>();
  const isFirst = (id: string): boolean => !seen.has(id) && seen.add(id) !== undefined;
  @TaskQueue(queue, { backoff: fixed('125ms'), maxAttempts: 2, concurrency: 4 })
  class Deeds {
    @Task({ payload: String, timeout: '150ms' })
    async work(deed: string, { id, signal }: { id: string; signal: AbortSignal }): Promise<void> {
      if (deed === 'fail' || (deed === 'fail once' && isFirst(id))) throw new Error('no luck');
      if (deed === 'snooze once' && isFirst(id)) throw new SnoozeTask('125ms');
      if (deed === 'discard') throw new DiscardTask('nothing to do');
      if (deed === 'give up') throw new FailTask('never');
      if (deed === 'take too long') await new Promise((_, reject) => signal.addEventListener('abort', reject));
    }
  }
  return { queue, type: Deeds, task: `${queue}.work` };
}

/** Metrics that a user sees of tasks, on whatever broker the URL names. */
export function describeMetrics(brokerName: string, urlOf: () => string): void {
  describe(`metrics of tasks on ${brokerName}`, () => {
    afterEach(stopApps);

    const start = (type: ClassType, options: TaskAppOptions): Promise<TaskApp> =>
      startApp({ url: urlOf(), tasks: [type], http: { port: 0, host: '127.0.0.1' }, ...options });

    /** Every way that a task can go, and what must have been counted in the end. */
    async function liveThrough(app: TaskApp, type: ReturnType<typeof deeds>['type']): Promise<void> {
      const ended = { completed: 0, dead: 0, discarded: 0 };
      app.on('task:completed', () => ended.completed++);
      app.on('task:dead-lettered', () => ended.dead++);
      app.on('task:discarded', () => ended.discarded++);
      const client = app.client.of(type);
      for (const deed of ['succeed', 'succeed', 'fail once', 'fail', 'snooze once', 'discard', 'give up'] as const) {
        await client.work(deed);
      }
      await client.work('take too long');
      await eventually(
        'all ends',
        () => ended,
        ({ completed, dead, discarded }) => completed === 4 && dead === 3 && discarded === 1,
      );
    }

    it('counts every way that a task can go, as text that the parser of another project reads', async () => {
      const { queue, type, task } = deeds();
      const app = await start(type, { telemetry: telemetry({ prometheus: true }) });
      await liveThrough(app, type);
      const scrape = await Scrape.of(app.httpPort);
      const own = { queue, task };

      expect(scrape.metrics.map(({ name }) => name)).toEqual(METRIC_NAMES.map(prometheusName));
      // Where Debian's package "prometheus" is there, its own tool has nothing to object either.
      const promtool = spawnSync('promtool', ['check', 'metrics'], { input: scrape.text, encoding: 'utf8' });
      if (promtool.error === undefined) expect(promtool.stdout + promtool.stderr).toBe('');
      for (const { name, type: kind, help } of scrape.metrics) {
        const metric = METRIC_NAMES.find((one) => prometheusName(one) === name);
        expect([kind.toLowerCase(), help]).toEqual(
          metric === undefined ? [] : [METRICS[metric].kind, METRICS[metric].help],
        );
      }
      expect({
        enqueued: scrape.value('warren_tasks_enqueued_total', own),
        completed: scrape.value('warren_tasks_completed_total', own),
        retried: scrape.value('warren_tasks_retried_total', own),
        exhausted: scrape.value('warren_tasks_dead_lettered_total', { ...own, reason: 'exhausted' }),
        failed: scrape.value('warren_tasks_dead_lettered_total', { ...own, reason: 'failed' }),
        crashLooped: scrape.value('warren_tasks_crash_looped_total', own),
        snoozed: scrape.value('warren_tasks_snoozed_total', own),
        discarded: scrape.value('warren_tasks_discarded_total', own),
        timedOut: scrape.value('warren_tasks_timed_out_total', own),
      }).toEqual({
        enqueued: 8,
        completed: 4,
        retried: 3,
        exhausted: 2,
        failed: 1,
        crashLooped: 0,
        snoozed: 1,
        discarded: 1,
        timedOut: 2,
      });
      expect(scrape.count('warren_task_run_duration_seconds', { ...own, outcome: 'completed' })).toBe(4);
      expect(scrape.count('warren_task_run_duration_seconds', { ...own, outcome: 'retried' })).toBe(3);
      expect(scrape.count('warren_task_queue_latency_seconds', own)).toBe(12);
      expect(scrape.count('warren_task_end_to_end_duration_seconds', { ...own, outcome: 'dead_lettered' })).toBe(3);
      // Eight tasks, four copies for another attempt, three for the dead letters.
      expect(scrape.count('warren_publish_confirm_duration_seconds', {})).toBe(15);
    });

    it('counts from zero, so that the first of each kind is a rise that can be seen', async () => {
      const { queue, type, task } = deeds();
      const app = await start(type, { telemetry: telemetry({ prometheus: true }) });
      const scrape = await Scrape.of(app.httpPort);
      const begun = METRIC_NAMES.filter((name) => {
        const { kind, labels } = METRICS[name];
        return kind === 'counter' && `${labels}` === 'queue,task' && name !== 'warren.tasks.enqueued';
      });
      expect(begun.map((name) => [name, scrape.value(prometheusName(name), { queue, task })])).toEqual(
        begun.map((name) => [name, 0]),
      );
    });

    it('tells slots, depths, consumers, dead letters and the event loop of this moment', async () => {
      const { queue, type } = deeds();
      const app = await start(type, { telemetry: telemetry({ prometheus: true }) });
      const dead = app.once('task:dead-lettered');
      await app.client.of(type).work('give up');
      await bounded('the dead letter', dead);
      await eventually(
        'the dead letter in its queue',
        () => app.deadLetters.count(queue),
        (count) => count === 1,
      );
      const scrape = await Scrape.of(app.httpPort);
      expect({
        running: scrape.value('warren_tasks_running', { queue }),
        slots: scrape.value('warren_worker_slots', { queue }),
        free: scrape.value('warren_worker_slots_free', { queue }),
        utilization: scrape.value('warren_worker_utilization_ratio', { queue }),
        depth: scrape.value('warren_queue_depth', { queue }),
        consumers: scrape.value('warren_queue_consumers', { queue }),
        dead: scrape.value('warren_queue_dead_letters', { queue }),
        age: scrape.value('warren_queue_oldest_age_seconds', { queue }),
      }).toEqual({ running: 0, slots: 4, free: 4, utilization: 0, depth: 0, consumers: 1, dead: 1, age: 0 });
      expect(scrape.value('warren_delay_unrouted')).toBeGreaterThanOrEqual(0);
      await eventually(
        'a delay of the event loop',
        () => Scrape.of(app.httpPort),
        (later) => (later.value('warren_event_loop_delay_seconds', { percentile: '99' }) ?? -1) >= 0,
      );
    });

    it('counts the time of a task while it runs, not when it has ended', async () => {
      const queue = uniqueName('long');
      const gate = new AbortController();
      @TaskQueue(queue)
      class Long {
        @Task({ payload: 'none' })
        async work(): Promise<void> {
          await new Promise((resolve) => gate.signal.addEventListener('abort', resolve));
        }
      }
      const app = await start(Long, { telemetry: telemetry({ prometheus: true }) });
      const busyTime = async () =>
        (await Scrape.of(app.httpPort)).value('warren_worker_busy_time_seconds_total', { queue }) ?? -1;
      expect(await busyTime()).toBe(0);
      const [started, completed] = [app.once('task:started'), app.once('task:completed')];
      await app.client.of(Long).work();
      await app.client.of(Long).work();
      await bounded('the start', started);
      await eventually('half a second of two slots', busyTime, (seconds) => seconds > 0.5);
      const scrape = await Scrape.of(app.httpPort);
      expect(scrape.count('warren_task_run_duration_seconds', { queue })).toBe(0);
      gate.abort();
      const { durationMs } = await bounded('the end', completed);
      expect(await busyTime()).toBeGreaterThanOrEqual(durationMs / 1000);
    });

    it('tells how long the oldest task has waited where nobody works', async () => {
      const { queue, type } = deeds();
      const worker = await start(type, {});
      await worker.stop();
      const sender = await start(type, { consume: false, telemetry: telemetry({ prometheus: true }) });
      await Scrape.of(sender.httpPort);
      await sender.client.of(type).work('succeed');
      const scrape = await eventually(
        'the age of the oldest task',
        () => Scrape.of(sender.httpPort),
        (later) => (later.value('warren_queue_oldest_age_seconds', { queue }) ?? 0) > 0,
        20_000,
      );
      expect(scrape.value('warren_queue_depth', { queue })).toBe(1);
      expect(scrape.value('warren_queue_consumers', { queue })).toBe(0);
    });

    it('lets no message make series: tasks that nobody knows are counted together', async () => {
      const { queue, type } = deeds();
      const app = await start(type, { telemetry: telemetry({ prometheus: true }) });
      let retried = 0;
      app.on('task:retried', () => retried++);
      for (const name of ['one', 'two', 'three']) {
        await app.client.enqueue(defineTask(`${queue}.${name}`, { queue, payload: 'none' }));
      }
      await eventually(
        'the retries',
        () => retried,
        (count) => count === 3,
      );
      const scrape = await Scrape.of(app.httpPort);
      expect(scrape.value('warren_tasks_retried_total', { queue, task: 'unknown' })).toBe(3);
      expect(scrape.text).not.toContain(`warren_tasks_retried_total{queue="${queue}",task="${queue}.one"}`);
    });

    it('counts what could not be published, and what no queue wanted', async () => {
      const { type } = deeds();
      const nowhere = defineTask('nowhere', { queue: uniqueName('nowhere'), payload: 'none' });
      const app = await start(type, { telemetry: telemetry({ prometheus: true }) });
      await expect(app.client.enqueue(nowhere)).rejects.toThrow(/nowhere/);
      await expect(app.client.of(type).work(7 as never)).rejects.toThrow();
      const scrape = await Scrape.of(app.httpPort);
      expect(scrape.value('warren_publish_returns_total')).toBe(1);
      expect(scrape.value('warren_publish_failures_total', { error: 'UNROUTABLE' })).toBe(1);
      expect(scrape.value('warren_tasks_enqueue_failed_total', { task: 'nowhere', error: 'UNROUTABLE' })).toBe(1);
      expect(scrape.value('warren_tasks_enqueue_failed_total', { error: 'INVALID_PAYLOAD' })).toBe(1);
    });

    it('puts its metrics into a registry that the application has already', async () => {
      const registry = new Registry();
      const { type, queue, task } = deeds();
      const app = await start(type, { telemetry: telemetry({ prometheus: registry }) });
      const completed = app.once('task:completed');
      await app.client.of(type).work('succeed');
      await bounded('completion', completed);
      const scrape = new Scrape(await registry.metrics());
      expect(scrape.value('warren_tasks_completed_total', { queue, task })).toBe(1);
    });

    it('tells through a producer what came since the last collection, where a backend insists', async () => {
      const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
      const producer = metricProducer({ temporality: 'delta' });
      const reader = new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: 3_600_000,
        metricProducers: [producer],
      });
      const provider = new MeterProvider({ readers: [reader] });
      try {
        const { queue, type, task } = deeds();
        const app = await start(type, { telemetry: telemetry({ metrics: producer }) });
        const exported = async (count: number) => {
          for (let sent = 0; sent < count; sent++) {
            const completed = app.once('task:completed');
            await app.client.of(type).work('succeed');
            await bounded('completion', completed);
          }
          await reader.forceFlush();
          const all =
            exporter
              .getMetrics()
              .at(-1)
              ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
          const point = (name: string) => {
            const metric = all.find(({ descriptor }) => descriptor.name === name);
            const points: readonly DataPoint<unknown>[] = metric?.dataPoints ?? [];
            const found = points.find(({ attributes: { task: of } }) => of === task);
            return {
              value: found?.value,
              from: found?.startTime,
              to: found?.endTime,
              temporality: metric?.aggregationTemporality,
            };
          };
          return { completed: point('warren.tasks.completed'), latency: point('warren.task.queue.latency') };
        };
        const first = await exported(2);
        const second = await exported(1);
        const third = await exported(0);
        expect([first.completed.value, second.completed.value, third.completed.value]).toEqual([2, 1, 0]);
        expect(second.completed.from).toEqual(first.completed.to);
        expect(second.completed.temporality).toBe(AggregationTemporality.DELTA);
        expect([first.latency.value, second.latency.value]).toMatchObject([{ count: 2 }, { count: 1 }]);
        expect(third.latency.value).toBeUndefined();

        const completed = app.once('task:completed');
        await app.client.of(type).work('succeed');
        await bounded('completion', completed);
        const both = await Promise.all([producer.collect(), producer.collect()]);
        const counts = both.map(
          ({ resourceMetrics }) =>
            resourceMetrics.scopeMetrics
              .flatMap((scope) => scope.metrics)
              .find(({ descriptor }) => descriptor.name === 'warren.tasks.completed')
              ?.dataPoints.find(({ attributes: { queue: of } }) => of === queue)?.value,
        );
        expect(counts).toEqual([1, 0]);
      } finally {
        await provider.shutdown();
      }
    });

    it.each([
      ['the API of OpenTelemetry', true],
      ['a metric producer that an SDK reads', metricProducer()],
    ])('tells the same through %s', async (_way, way) => {
      const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
      const metricProducers = typeof way === 'boolean' ? [] : [way];
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000, metricProducers });
      const provider = new MeterProvider({ readers: [reader] });
      metrics.setGlobalMeterProvider(provider);
      try {
        const { queue, type, task } = deeds();
        const app = await start(type, { telemetry: telemetry({ metrics: way, prometheus: true }) });
        await liveThrough(app, type);
        await reader.forceFlush();
        const scope = exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.find(({ scope: { name } }) => name === 'warren');
        const found = new Map(scope?.metrics.map((metric) => [metric.descriptor.name, metric]));
        // What nothing was told of is not exported; the embedded broker has no connections.
        const silent = METRIC_NAMES.filter((name) => !found.has(name));
        const without: readonly string[] = [
          'warren.tasks.enqueue_failed',
          'warren.publish.failures',
          'warren.connection.blocked_time',
          'warren.connection.reconnects',
          'warren.event_loop.delay',
          'warren.clock.skew',
        ];
        expect(silent.filter((name) => !without.includes(name))).toEqual([]);
        for (const [name, { descriptor }] of found) {
          const { unit, help } = METRICS[name as keyof typeof METRICS];
          expect([descriptor.unit, descriptor.description]).toEqual([unit, help]);
        }
        const pointOf = (name: string, attributes: object) =>
          found.get(name)?.dataPoints.find((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes))
            ?.value;
        const own = { queue, task };
        expect(pointOf('warren.tasks.completed', own)).toBe(4);
        expect(pointOf('warren.tasks.dead_lettered', { ...own, reason: 'exhausted' })).toBe(2);
        expect(pointOf('warren.task.run.duration', { ...own, outcome: 'completed' })).toMatchObject({ count: 4 });
        expect(pointOf('warren.task.queue.latency', own)).toMatchObject({ count: 12 });
        const run = found.get('warren.task.run.duration');
        expect([run?.dataPointType, run?.aggregationTemporality]).toEqual([
          DataPointType.HISTOGRAM,
          AggregationTemporality.CUMULATIVE,
        ]);
        expect(found.get('warren.tasks.completed')).toMatchObject({
          dataPointType: DataPointType.SUM,
          isMonotonic: true,
        });
        expect(found.get('warren.worker.slots')).toMatchObject({ dataPointType: DataPointType.GAUGE });
        expect(pointOf('warren.worker.slots', { queue })).toBe(4);
        expect(pointOf('warren.queue.dead_letters', { queue })).toBe(3);
      } finally {
        await stopApps();
        await provider.shutdown();
        metrics.disable();
      }
    });
  });
}

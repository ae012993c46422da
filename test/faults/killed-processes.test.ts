import { defineTask, Task, type TaskContext, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { sharedBrokers, startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { untilOldEnough } from './support/old-enough';
import { WorkerProcess } from './worker-process';

function recorder(options: { queue: string; concurrency?: number }) {
  const seen = new Map<string, number>();
  @TaskQueue(options.queue, { concurrency: options.concurrency ?? 20 })
  class Recorder {
    @Task({ payload: 'unchecked' })
    work(_payload: unknown, task: TaskContext): void {
      seen.set(task.id, (seen.get(task.id) ?? 0) + 1);
    }
  }
  return {
    type: Recorder,
    seen,
    contract: defineTask(`${options.queue}.work`, { queue: options.queue, payload: 'unchecked' }),
  };
}

describe('a killed worker', () => {
  const workers: WorkerProcess[] = [];
  const startWorker = (...args: readonly string[]): WorkerProcess => {
    const worker = new WorkerProcess(...args);
    workers.push(worker);
    return worker;
  };

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end('SIGKILL')));
    await stopApps();
  });

  it.each(sharedBrokers().map((broker) => [broker.version, broker.url]))(
    'loses nothing: what it was running is done by another, on RabbitMQ %s',
    async (_version, url) => {
      const queue = uniqueName('killed');
      const { contract } = recorder({ queue });
      const first = startWorker(url, queue, '60000');
      await eventually(
        'the first worker',
        () => first.lines,
        (lines) => lines.includes('ready'),
      );
      const producer = await startApp({ url });
      const results = await producer.client.enqueueMany(
        contract,
        Array.from({ length: 30 }, (_, i) => ({ payload: { i } })),
      );
      const ids = results.flatMap((result) => (result.ok ? [result.id] : []));
      expect(ids).toHaveLength(30);
      await eventually(
        'five tasks in the first worker',
        () => first.said('begin').length,
        (count) => count === 5,
      );
      await first.end('SIGKILL');
      expect(first.said('end')).toEqual([]);

      const second = startWorker(url, queue, '5');
      await eventually(
        'all tasks in the second worker',
        () => new Set(second.said('end')).size,
        (count) => count === 30,
      );
      const done = second.said('end').map((line) => line.split(' ')[1]);
      expect(new Set(done)).toEqual(new Set(ids));
      // A crash costs no attempt: the broker counts it, the task does not.
      expect(new Set(second.said('end').map((line) => line.split(' ')[2]))).toEqual(new Set(['1']));
    },
    60_000,
  );

  it('finishes what it runs on SIGTERM, gives back the rest and ends with 0', async () => {
    const [broker] = sharedBrokers();
    if (broker === undefined) throw new Error('no broker');
    const queue = uniqueName('terminated');
    const { contract } = recorder({ queue });
    const worker = startWorker(broker.url, queue, '300');
    await eventually(
      'the worker',
      () => worker.lines,
      (lines) => lines.includes('ready'),
    );
    const producer = await startApp({ url: broker.url });
    await producer.client.enqueueMany(
      contract,
      Array.from({ length: 8 }, (_, i) => ({ payload: { i } })),
    );
    await eventually(
      'five tasks begun',
      () => worker.said('begin').length,
      (count) => count === 5,
    );
    expect(await worker.end('SIGTERM')).toBe(0);
    expect(worker.said('end').length).toBe(worker.said('begin').length);

    const second = startWorker(broker.url, queue, '5');
    const left = 8 - worker.said('end').length;
    await eventually(
      'the rest',
      () => second.said('end').length,
      (count) => count === left,
    );
  }, 60_000);
});

describe.each(TESTED_SERIES)('a broker of RabbitMQ %s that is killed', (series) => {
  let broker: TestBroker;

  beforeAll(async () => {
    broker = await startPrivateBroker({ series });
  }, 120_000);
  afterEach(stopApps);
  afterAll(() => broker.dispose(), 60_000);

  it('keeps every task whose enqueue resolved, and the worker goes on by itself', async () => {
    const queue = uniqueName('kept');
    const { type, seen } = recorder({ queue });
    const app = await startApp({ url: broker.url, tasks: [type], publishTimeout: '60s' });
    const declaredAt = Date.now();
    await untilOldEnough(declaredAt);

    const confirmed = new Set<string>();
    let killed = Promise.resolve();
    const enqueueOne = async (): Promise<void> => {
      const { id } = await app.client.of(type).work({ text: 'x'.repeat(200) });
      confirmed.add(id);
      if (confirmed.size === 500) killed = broker.kill();
    };
    const all = Promise.all(Array.from({ length: 2_000 }, enqueueOne));
    await eventually(
      '500 confirms',
      () => confirmed.size,
      (count) => count >= 500,
    );
    await killed;
    await broker.start();
    await bounded('every enqueue', all, 60_000);
    expect(confirmed.size).toBe(2_000);
    await eventually(
      'every task',
      () => [...confirmed].filter((id) => !seen.has(id)).length,
      (missing) => missing === 0,
      60_000,
    );
    expect(await app.deadLetters.count(queue)).toBe(0);
  }, 180_000);

  it('rejects within its timeout while it is away, with a typed error', async () => {
    const queue = uniqueName('away');
    const { type } = recorder({ queue });
    const app = await startApp({ url: broker.url, tasks: [type] });
    await broker.kill();
    await expect(
      bounded('the rejection', app.client.of(type).work({}, { timeout: '500ms' }), 5_000),
    ).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await bounded('stop', app.stop(), 20_000);
    await broker.start();
  }, 120_000);
});

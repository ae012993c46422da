import { defineTask } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { untilOldEnough } from './support/old-enough';
import { WorkerProcess } from './worker-process';

/** What `docs/do/run-workers.md` promises beyond `stopTimeout`, and some room for a busy machine. */
const SILENT_BOUND_MS = 12_000;
const FOREVER = '60000';

describe.each(TESTED_SERIES)('SIGTERM to a worker on RabbitMQ %s', (series) => {
  let broker: TestBroker;
  const workers: WorkerProcess[] = [];
  const startWorker = async (...args: readonly string[]): Promise<WorkerProcess> => {
    const worker = new WorkerProcess(broker.url, ...args);
    workers.push(worker);
    await worker.says('ready');
    return worker;
  };
  const enqueue = async (queue: string, count: number): Promise<readonly string[]> => {
    const { client, stop } = await producer();
    const contract = defineTask(`${queue}.work`, { queue, payload: 'unchecked' });
    const results = await client.enqueueMany(
      contract,
      Array.from({ length: count }, () => ({ payload: {} })),
    );
    await stop();
    return results.flatMap((result) => (result.ok ? [result.id] : []));
  };
  const producer = async () => {
    const app = await startApp({ url: broker.url });
    return { client: app.client, stop: () => app.stop() };
  };
  const idsOf = (lines: readonly string[]) => lines.map((line) => line.split(' ')[1]);
  const attemptsOf = (lines: readonly string[]) => lines.map((line) => line.split(' ')[2]);

  beforeAll(async () => {
    broker = await startPrivateBroker({ series });
  }, 120_000);
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end('SIGKILL')));
    await stopApps();
  });
  afterAll(() => broker.dispose(), 60_000);

  it.each([
    ['a task runs', FOREVER, 'completes', 'begin'],
    ['a retry is being published', '500', 'fails', 'end'],
  ])(
    'ends it in time, with 0, when the broker answers nothing while %s',
    async (_what, ms, ending, last) => {
      const queue = uniqueName('silent');
      const worker = await startWorker(queue, ms, '0', ending);
      await enqueue(queue, 1);
      await worker.says('begin');
      await broker.suspend();
      try {
        await worker.says(last);
        expect(await worker.end('SIGTERM', SILENT_BOUND_MS)).toBe(0);
      } finally {
        await broker.resume();
      }
    },
    60_000,
  );

  it('gives back what was interrupted or had not begun, without costing an attempt', async () => {
    const queue = uniqueName('interrupted');
    const first = await startWorker(queue, FOREVER, '0');
    const ids = await enqueue(queue, 30);
    await first.says('begin', 5);
    expect(await first.end('SIGTERM')).toBe(0);
    expect(first.said('begin')).toHaveLength(5);
    expect(first.said('end')).toEqual([]);

    const second = await startWorker(queue, '1');
    await second.says('end', 30);
    expect(idsOf(second.said('end')).toSorted()).toEqual(ids.toSorted());
    expect(new Set(attemptsOf(second.said('begin')))).toEqual(new Set(['1']));
  }, 60_000);

  it('loses nothing under load, and runs nothing twice that could finish', async () => {
    const queue = uniqueName('loaded');
    const first = await startWorker(queue, '20');
    const { client, stop } = await producer();
    const contract = defineTask(`${queue}.work`, { queue, payload: 'unchecked' });
    const ids = new Set<string>();
    const sent = Array.from({ length: 300 }, async () => ids.add((await client.enqueue(contract, {})).id));
    await first.says('end', 20);
    expect(await first.end('SIGTERM')).toBe(0);
    await Promise.all(sent);
    await stop();

    const second = await startWorker(queue, '1');
    const done = () => [...idsOf(first.said('end')), ...idsOf(second.said('end'))];
    await eventually(
      'every task',
      () => new Set(done()).size,
      (count) => count === 300,
    );
    expect(done().toSorted()).toEqual([...ids].toSorted());
    expect(idsOf(first.said('begin')).toSorted()).toEqual(idsOf(first.said('end')).toSorted());
  }, 60_000);

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends with 0 when %s arrives twice at once',
    async (signal) => {
      const queue = uniqueName('echoed');
      const worker = await startWorker(queue, '1000');
      await enqueue(queue, 1);
      await worker.says('begin');
      worker.signal(signal);
      expect(await worker.end(signal)).toBe(0);
      expect(worker.said('end')).toHaveLength(1);
    },
    60_000,
  );

  it('ends it at once when the signal is sent again', async () => {
    const queue = uniqueName('impatient');
    const worker = await startWorker(queue, FOREVER);
    await enqueue(queue, 1);
    await worker.says('begin');
    worker.signal('SIGTERM');
    await worker.says('stopping');
    // What arrives within half a second counts as the same signal.
    const again = setInterval(() => worker.signal('SIGTERM'), 50);
    try {
      expect(await worker.end('SIGTERM', 10_000)).toBe(128 + 15);
    } finally {
      clearInterval(again);
    }
  }, 60_000);

  it('ends it while it is still registering its consumers, with 0', async () => {
    const worker = new WorkerProcess(broker.url, uniqueName('early'), FOREVER);
    workers.push(worker);
    await worker.says('connecting publish');
    expect(await worker.end('SIGTERM', 10_000)).toBe(0);
  }, 60_000);

  it('ends it in time under load when the broker is killed, and loses nothing', async () => {
    const queue = uniqueName('killed');
    const first = await startWorker(queue, FOREVER, '500');
    const declaredAt = Date.now();
    await untilOldEnough(declaredAt);
    const ids = await enqueue(queue, 100);
    await first.says('begin', 5);
    await broker.kill();
    expect(await first.end('SIGTERM', SILENT_BOUND_MS)).toBe(0);
    await bounded('the broker', broker.start(), 90_000);

    const second = await startWorker(queue, '1');
    await second.says('end', 100);
    expect(idsOf(second.said('end')).toSorted()).toEqual(ids.toSorted());
    expect(new Set(attemptsOf(second.said('end')))).toEqual(new Set(['1']));
  }, 180_000);
});

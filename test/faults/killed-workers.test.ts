import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { WorkerProcess } from './worker-process';

/** Long enough for a kill while it runs. */
const TASK_MS = '3000';
/** Two deaths make a suspect of a task, with `maxCrashes` as it is; the third one hits its run alone. */
const KILLED_RUNS = 3;

describe.each(TESTED_SERIES)('workers that are killed one after the other, on RabbitMQ %s', (series) => {
  let server: TestBroker;
  let worker: WorkerProcess | undefined;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
  }, 120_000);
  afterEach(async () => {
    await worker?.end('SIGKILL');
    await stopApps();
  });
  afterAll(() => server.dispose(), 60_000);

  it('cost an innocent task no attempt, though one dies in its run alone and the next one over its verdict', async () => {
    const queue = uniqueName('killed');
    @TaskQueue(queue, { concurrency: 5, prefetch: 20 })
    class Slow {
      @Task({ payload: 'unchecked' }) work(_payload: unknown): void {}
    }
    const app = await startApp({ url: server.url, tasks: [Slow], consume: false });
    const { id } = await app.client.of(Slow).work({});
    const start = (): WorkerProcess => new WorkerProcess(server.url, queue, TASK_MS);
    for (let run = 1; run <= KILLED_RUNS; run++) {
      worker = start();
      await worker.says('begin');
      await worker.end('SIGKILL');
    }
    worker = start();
    await eventually(
      'a worker that waits for the verdict',
      () => server.ctl('list_queues', 'name'),
      (names) => /warren\.alibi\.\w+\.judged/.test(names),
      30_000,
    );
    await worker.end('SIGKILL');
    worker = start();
    await worker.says('end');
    expect(worker.said('end')).toEqual([`end ${id} 1`]);
    await eventually(
      'empty queues',
      () => server.ctl('list_queues', 'name', 'messages'),
      (list) => [queue, `${queue}.suspects`, `${queue}.dead`].every((name) => list.includes(`${name}\t0`)),
      30_000,
    );
  }, 120_000);
});

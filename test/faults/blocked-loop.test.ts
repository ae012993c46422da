import { randomUUID } from 'node:crypto';
import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { WorkerProcess } from './worker-process';

/** The broker gives up a connection that has been silent for about three of its heartbeats. */
const HEARTBEAT = '?heartbeat=2';
const BLOCK_MS = '12000';

describe.each(sharedBrokers())('a handler that blocks the event loop, on RabbitMQ $series,', ({ url }) => {
  const workers: WorkerProcess[] = [];

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end('SIGKILL')));
    await stopApps();
  });

  const startWorkers = async (count: number, queue: string): Promise<readonly WorkerProcess[]> => {
    for (let n = 0; n < count; n++)
      workers.push(new WorkerProcess('blocking-worker.cjs', `${url}${HEARTBEAT}`, queue, BLOCK_MS));
    await Promise.all(workers.map((worker) => worker.says('port')));
    return workers;
  };

  const sendTo = async (queue: string, ids: readonly string[]) => {
    @TaskQueue(queue)
    class Blocking {
      @Task({ name: `${queue}.work`, payload: 'none' })
      work(): void {}
    }
    const app = await startApp({ url, tasks: [Blocking], consume: false });
    for (const id of ids) await app.client.of(Blocking).work(undefined, { id });
    return app;
  };

  const saidBy = (all: readonly WorkerProcess[], word: string): readonly string[] =>
    all.flatMap((worker) => worker.said(word));

  it('is settled without another run when its task comes back to the same process, which names it', async () => {
    const queue = uniqueName('blocked');
    const id = randomUUID();
    const all = await startWorkers(1, queue);
    const app = await sendTo(queue, [id]);
    await eventually(
      'its end',
      () => saidBy(all, 'completed'),
      (said) => said.length > 0,
      30_000,
    );
    await eventually(
      'an empty queue',
      () => app.broker.queueState(queue),
      (state) => state?.ready === 0,
    );
    expect(saidBy(all, 'begin')).toEqual([`begin ${id}`]);
    expect(saidBy(all, 'completed')).toEqual([`completed ${id}`]);
    expect(saidBy(all, 'culprit')).toEqual([`culprit ${id}`]);
    expect(await app.deadLetters.count(queue)).toBe(0);
  }, 60_000);

  it('is run once by each of two workers at most, is completed once, and is no crash', async () => {
    const queue = uniqueName('blocked');
    const ids = [randomUUID(), randomUUID()];
    const all = await startWorkers(2, queue);
    const app = await sendTo(queue, ids);
    await eventually(
      'the end of both',
      () => saidBy(all, 'completed'),
      (said) => said.length >= 2,
      90_000,
    );
    expect([...saidBy(all, 'completed')].sort()).toEqual(ids.map((id) => `completed ${id}`).sort());
    for (const worker of all) expect(new Set(worker.said('begin')).size).toBe(worker.said('begin').length);
    expect(await app.deadLetters.count(queue)).toBe(0);
  }, 120_000);
});

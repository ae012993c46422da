import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { SupervisedWorker } from './support/supervised-worker';

describe.each(sharedBrokers())('a task that kills its process, on RabbitMQ $series', ({ url }) => {
  let worker: SupervisedWorker | undefined;

  afterEach(async () => {
    await worker?.stop();
    await stopApps();
  });

  it('ends as a dead letter after maxCrashes, and costs the tasks beside it no attempt', async () => {
    const queue = uniqueName('crashing');
    @TaskQueue(queue, { concurrency: 10 })
    class Fragile {
      @Task({ payload: 'unchecked' }) work(_payload: unknown): void {}
    }
    const app = await startApp({ url, tasks: [Fragile], consume: false });
    const tasks = app.client.of(Fragile);
    const before = await Promise.all(Array.from({ length: 9 }, () => tasks.work({ kills: false })));
    const poison = await tasks.work({ kills: true });
    const after = await Promise.all(Array.from({ length: 20 }, () => tasks.work({ kills: false })));

    worker = new SupervisedWorker('crashing-worker.cjs', [url, queue]);
    const ended = (): ReadonlySet<string> => new Set(worker?.lines);
    await eventually(
      'all the others',
      () => ended().size,
      (count) => count === 29,
      60_000,
    );
    await eventually(
      'the dead letter',
      () => app.deadLetters.count(queue),
      (count) => count === 1,
      60_000,
    );

    expect(ended()).toEqual(new Set([...before, ...after].map(({ id }) => `end ${id} 1`)));
    const [letter] = await app.deadLetters.list(queue);
    expect(letter).toMatchObject({
      id: poison.id,
      reason: 'crash-loop',
      attempt: 1,
      failures: [{ error: 'CrashLoop' }],
    });
    expect(worker.deaths).toBe(3);
  }, 120_000);
});

import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { SupervisedWorker } from './support/supervised-worker';

/** More than `maxCrashes` is. */
const NEIGHBOURS = 5;
/** Others that are in the queue all the time. */
const IN_FLIGHT = 6;

/** The tasks of `shared-deaths-worker.cjs`, for senders. */
function tasksOf(queue: string) {
  @TaskQueue(queue, { concurrency: 10 })
  class Mixed {
    @Task({ name: `${queue}.innocent`, payload: 'unchecked' }) innocent(_payload: { ms: number }): void {}
    @Task({ name: `${queue}.neighbour`, payload: 'unchecked' }) neighbour(_payload: unknown): void {}
    @Task({ name: `${queue}.killer`, payload: 'unchecked' }) killer(_payload: unknown): void {}
  }
  return Mixed;
}

describe.each(sharedBrokers())('a process that dies with several tasks in it, on RabbitMQ $series', ({ url }) => {
  let worker: SupervisedWorker | undefined;

  afterEach(async () => {
    await worker?.stop();
    await stopApps();
  });

  it('counts nothing against a suspect beside which other tasks end the process again and again', async () => {
    const queue = uniqueName('shared-deaths');
    const Mixed = tasksOf(queue);
    const app = await startApp({ url, tasks: [Mixed], consume: false });
    const tasks = app.client.of(Mixed);
    const neighbours: Promise<{ readonly id: string }>[] = [];
    // A neighbour for each run of the innocent task, wherever it runs.
    const { id } = await tasks.innocent({ ms: 2_000 });
    worker = new SupervisedWorker('shared-deaths-worker.cjs', [url, queue], (line) => {
      if (line === `begin ${id}` && neighbours.length < NEIGHBOURS) neighbours.push(tasks.neighbour({}));
    });
    const ended = (): ReadonlySet<string> => new Set(worker?.lines.filter((line) => line.startsWith('end ')));
    await eventually(
      'the end of the innocent task',
      async () => ended().has(`end ${id}`) || (await app.deadLetters.count(queue)) > 0,
      Boolean,
      60_000,
    );
    const others = (await Promise.all(neighbours)).map((each) => `end ${each.id}`);
    await eventually('the end of its neighbours', ended, (seen) => others.every((each) => seen.has(each)), 60_000);
    expect(await app.deadLetters.list(queue)).toEqual([]);
    // What was out at home counts for all of them: that made it a suspect.
    expect(worker.deaths).toBe(2);
  }, 120_000);

  it('ends a task that kills its process after one death more, where other tasks always run beside it', async () => {
    const queue = uniqueName('shared-deaths');
    const Mixed = tasksOf(queue);
    const app = await startApp({ url, tasks: [Mixed], consume: false });
    const tasks = app.client.of(Mixed);
    const sent = new Set<string>();
    let isOver = false;
    const sendOne = async (): Promise<void> => {
      const { id } = await tasks.innocent({ ms: 300 });
      sent.add(`end ${id}`);
    };
    for (let each = 0; each < IN_FLIGHT; each++) await sendOne();
    const { id } = await tasks.killer({});
    worker = new SupervisedWorker('shared-deaths-worker.cjs', [url, queue], (line) => {
      if (!isOver && line.startsWith('end ')) void sendOne();
    });
    await eventually(
      'the dead letter',
      () => app.deadLetters.count(queue),
      (count) => count > 0,
      90_000,
    );
    isOver = true;
    const ended = (): ReadonlySet<string> => new Set(worker?.lines);
    await eventually('the others', ended, (seen) => [...sent].every((each) => seen.has(each)), 60_000);
    expect(await app.deadLetters.list(queue)).toMatchObject([{ id, reason: 'crash-loop', attempt: 1 }]);
    expect([3, 4]).toContain(worker.deaths);
  }, 180_000);
});

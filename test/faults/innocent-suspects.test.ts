import { Task, type TaskApp, type TaskContext, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import type { TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';

/** As many as make a suspect of a task, with `maxCrashes` as it is. */
const LOSSES_AT_HOME = 2;
const LOSSES_ALONE = 2;

interface Run {
  readonly worker: string;
  readonly task: TaskContext;
  end(): void;
}

/** A task whose runs end when they are told to. */
function task(queue: string, runs: Run[]) {
  return (worker: string) => {
    @TaskQueue(queue)
    class Innocent {
      @Task({ name: `${queue}.work`, payload: 'unchecked' })
      work(_payload: unknown, task: TaskContext): Promise<void> {
        return new Promise((end) => runs.push({ worker, task, end }));
      }
    }
    return Innocent;
  };
}

describe.each(['4.3', '3.10'] as const)('a task that kills nobody, on RabbitMQ %s', (series) => {
  let server: TestBroker;
  let proxy: TcpProxy;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
    proxy = await startProxy({ targetPort: server.port });
  }, 120_000);
  afterEach(stopApps);
  afterAll(async () => {
    proxy.dispose();
    await server.dispose();
  }, 60_000);

  const nextRun = async (runs: readonly Run[], count: number): Promise<Run> => {
    await eventually(
      `run ${count}`,
      () => runs.length,
      (length) => length >= count,
      30_000,
    );
    return runs[count - 1] as Run;
  };

  /** Loses connections over each run but the last, which may end. */
  const loseConnections = async (app: TaskApp, runs: Run[], times: number, lose: () => Promise<unknown>) => {
    for (let loss = 1; loss <= times; loss++) {
      const { end } = await nextRun(runs, loss);
      const lost = app.once('subscription:changed', ({ state }) => state === 'recovering');
      await lose();
      await lost;
      end();
    }
  };

  const expectDone = async (app: TaskApp, queue: string): Promise<void> => {
    await eventually(
      'empty queues',
      async () => {
        const names = [queue, `${queue}.suspects`, `${queue}.dead`];
        const list = await server.ctl('list_queues', 'name', 'messages');
        return names.filter((name) => !list.includes(`${name}\t0`));
      },
      (full) => full.length === 0,
      30_000,
    );
    expect(await app.deadLetters.count(queue)).toBe(0);
  };

  it('completes at its first attempt, though its worker loses every connection over it, again and again', async () => {
    const queue = uniqueName('innocent');
    const runs: Run[] = [];
    const Innocent = task(queue, runs)('only');
    const app = await startApp({ url: server.url, tasks: [Innocent] });
    const isolated: number[] = [];
    app.on('task:isolated', ({ crashes }) => isolated.push(crashes));
    const { id } = await app.client.of(Innocent).work({});
    await loseConnections(app, runs, LOSSES_AT_HOME + LOSSES_ALONE, () =>
      server.ctl('close_all_connections', 'maintenance'),
    );
    const last = await nextRun(runs, LOSSES_AT_HOME + LOSSES_ALONE + 1);
    expect([last.task.id, last.task.attempt]).toEqual([id, 1]);
    // Once when it left its home, and once for each time that it turned out to be innocent.
    expect(isolated).toEqual(Array.from({ length: 1 + LOSSES_ALONE }, () => LOSSES_AT_HOME));
    const completed = app.once('task:completed');
    last.end();
    await completed;
    await expectDone(app, queue);
  }, 120_000);

  it('completes though another worker meets it when the one that ran it has lost its connection', async () => {
    const queue = uniqueName('innocent');
    const runs: Run[] = [];
    const [Mine, Theirs] = [task(queue, runs)('mine'), task(queue, runs)('theirs')];
    const mine = await startApp({ url: proxy.url(server.url), tasks: [Mine] });
    await mine.client.of(Mine).work({});
    const lose = async (): Promise<void> => proxy.cut();
    await loseConnections(mine, runs, LOSSES_AT_HOME, lose);
    const alone = await nextRun(runs, LOSSES_AT_HOME + 1);
    const theirs = await startApp({ url: server.url, tasks: [Theirs] });
    const acquitted = theirs.once('task:isolated');
    proxy.refuse();
    proxy.cut();
    await eventually(
      'the other worker to have it',
      () => server.ctl('list_queues', 'name', 'messages_unacknowledged'),
      (list) => list.includes(`${queue}.suspects\t1`),
    );
    await proxy.accept();
    alone.end();
    expect(await bounded('the verdict of the other worker', acquitted, 20_000)).toMatchObject({ attempt: 1 });
    const again = await nextRun(runs, LOSSES_AT_HOME + 2);
    expect(again.task.attempt).toBe(1);
    again.end();
    await expectDone(theirs, queue);
  }, 120_000);
});

import { Task, type TaskApp, type TaskContext, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';

/** As many as make a suspect of a task, with `maxCrashes` as it is. */
const LOSSES_AT_HOME = 2;

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

describe.each(TESTED_SERIES)('a task that kills nobody, on RabbitMQ %s', (series) => {
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

  /** Loses connections over so many runs, none of which ends. */
  const loseConnections = async (app: TaskApp, runs: Run[], times: number, lose: () => Promise<unknown>) => {
    for (let loss = 1; loss <= times; loss++) {
      await nextRun(runs, loss);
      const lost = app.once('subscription:changed', ({ state }) => state === 'recovering');
      await lose();
      await lost;
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

  it('completes at its first attempt, and is not run again when it ends after its connection was lost', async () => {
    const queue = uniqueName('innocent');
    const runs: Run[] = [];
    const Innocent = task(queue, runs)('only');
    const app = await startApp({ url: server.url, tasks: [Innocent] });
    const isolated: number[] = [];
    app.on('task:isolated', ({ crashes }) => isolated.push(crashes));
    const completed = app.once('task:completed');
    const { id } = await app.client.of(Innocent).work({});
    await loseConnections(app, runs, LOSSES_AT_HOME + 1, () => server.ctl('close_all_connections', 'maintenance'));
    expect(runs.at(-1)?.task).toMatchObject({ id, attempt: 1 });
    for (const { end } of runs) end();
    expect(await bounded('completion', completed, 30_000)).toMatchObject({ id, attempt: 1 });
    await expectDone(app, queue);
    expect(runs).toHaveLength(LOSSES_AT_HOME + 1);
    expect(isolated).toEqual([LOSSES_AT_HOME]);
  }, 120_000);

  it('completes though another worker meets it when the one that ran it has lost its connection', async () => {
    const queue = uniqueName('innocent');
    const runs: Run[] = [];
    const [Mine, Theirs] = [task(queue, runs)('mine'), task(queue, runs)('theirs')];
    const mine = await startApp({ url: proxy.url(server.url), tasks: [Mine] });
    await mine.client.of(Mine).work({});
    const lose = async (): Promise<void> => proxy.cut();
    await loseConnections(mine, runs, LOSSES_AT_HOME, lose);
    await nextRun(runs, LOSSES_AT_HOME + 1);
    const theirs = await startApp({ url: server.url, tasks: [Theirs] });
    const acquitted = theirs.once('task:isolated');
    const completed: number[] = [];
    for (const app of [mine, theirs]) app.on('task:completed', ({ attempt }) => completed.push(attempt));
    proxy.refuse();
    proxy.cut();
    await eventually(
      'the other worker to have it',
      () => server.ctl('list_queues', 'name', 'messages_unacknowledged'),
      (list) => list.includes(`${queue}.suspects\t1`),
    );
    await proxy.accept();
    expect(await bounded('the verdict of the other worker', acquitted, 20_000)).toMatchObject({ attempt: 1 });
    // The first worker settles it by the end of its own run; the other one runs it again.
    await eventually(
      'one completion',
      () => {
        for (const { end } of runs) end();
        return completed.length;
      },
      (count) => count > 0,
      30_000,
    );
    await expectDone(theirs, queue);
    expect(completed).toEqual([1]);
    expect(runs.map(({ task: { attempt } }) => attempt)).toEqual(runs.map(() => 1));
  }, 120_000);
});

import { createTaskApp, defineTask, Task, type TaskApp, TaskQueue } from '../../../src';

const URL = 'memory:task-app-test';
const followUp = defineTask('later.work', { queue: 'later', payload: 'unchecked' });

describe('an app that starts', () => {
  const apps: TaskApp[] = [];
  const createApp = async (tasks: readonly (new () => object)[]): Promise<TaskApp> => {
    const app = await createTaskApp({ url: URL, tasks, logger: false, handleSignals: false });
    apps.push(app);
    return app;
  };
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

  it('lets a task enqueue that runs before the start is over', async () => {
    let app: TaskApp | undefined;
    const seen: string[] = [];
    @TaskQueue('early')
    class Early {
      @Task({ payload: 'unchecked', maxAttempts: 1 })
      async work(_payload: unknown): Promise<void> {
        seen.push(app?.state ?? 'none');
        await app?.client.enqueue(followUp, {});
      }
    }
    @TaskQueue('later')
    class Later {
      @Task({ payload: 'unchecked' })
      work(): void {}
    }
    const before = await createApp([Later]);
    await before.start();
    const first = await createApp([Early]);
    await first.start();
    await first.pause();
    await first.client.of(Early).work({});
    await first.stop();

    app = await createApp([Early]);
    const done = before.once('task:completed');
    await app.start();
    await done;
    expect(seen).toEqual(['starting']);
  });

  it('refuses to enqueue before its topology stands, and after its stop', async () => {
    const app = await createApp([]);
    await expect(app.client.enqueue(followUp, {})).rejects.toMatchObject({ code: 'NOT_STARTED' });
    await app.start();
    await app.stop();
    await expect(app.client.enqueue(followUp, {})).rejects.toMatchObject({ code: 'NOT_STARTED' });
  });

  it('sends nothing to a queue that Warren keeps for itself, by whatever contract', async () => {
    const app = await createApp([]);
    await app.start();
    const queues = ['warren.delay.03', 'warren.schedules', 'emails.dead', 'emails.suspects', 'amq.rabbitmq.reply-to.x'];
    for (const queue of queues) {
      expect(() => defineTask('jam.it', { queue, payload: 'unchecked' })).toThrow(/reserves/);
      // What another copy of Warren has made, or nobody.
      const forged = { ...followUp, queue };
      await expect(app.client.enqueue(forged, {})).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringMatching(/jam|later\.work.*reserves.*hoose another name/s) as string,
      });
      const [result] = await app.client.enqueueMany(forged, [{ payload: {} }]);
      expect(result).toMatchObject({ ok: false, error: { code: 'CONFIGURATION' } });
      await expect(app.schedules.add('jam', forged, { every: '1m', payload: {} })).rejects.toMatchObject({
        message: expect.stringContaining('reserves') as string,
      });
    }
    expect(await app.broker.countReady('warren.delay.03')).toBe(0);
  });

  it('removes its listeners for signals when it fails', async () => {
    const listening = process.listenerCount('SIGTERM');
    const app = await createTaskApp({ url: 'amqp://127.0.0.1:1', tasks: [], logger: false, handleSignals: true });
    await expect(app.start()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(process.listenerCount('SIGTERM')).toBe(listening);
  });
});

describe('an app whose start() is called twice', () => {
  const create = () => createTaskApp({ url: 'memory:', logger: false });

  it('says so, and what to do, while it starts, runs, and has stopped', async () => {
    const app = await create();
    await expect(app.client.enqueue(followUp, {})).rejects.toThrow('the app was not started. Await app.start() first');
    const started = app.start();
    await expect(app.start()).rejects.toThrow('Cannot start the app: start() was called before and is not over');
    await started;
    await expect(app.start()).rejects.toThrow('Cannot start the app: start() was called before, and the app runs');
    await app.stop();
    await expect(app.start()).rejects.toThrow('An app starts once: make another one with createTaskApp()');
    await expect(app.client.enqueue(followUp, {})).rejects.toThrow('make another one with createTaskApp()');
  });
});

/** Timers that keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

it('a worker on memory: keeps its process alive until it is stopped, also without schedules', async () => {
  @TaskQueue('kept-alive')
  class Plain {
    @Task({ payload: 'none' }) async run(): Promise<void> {}
  }
  const app = await createTaskApp({ url: 'memory:', tasks: [Plain], logger: false, handleSignals: false });
  const before = timers();
  await app.start();
  expect(timers()).toBeGreaterThan(before);
  await app.stop();
  expect(timers()).toBeLessThanOrEqual(before);
});

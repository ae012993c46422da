import { type AppHealth, defineTask, Task, type TaskApp, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { NEWEST_TESTED, TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';
import { untilOldEnough } from './support/old-enough';
import { WorkerProcess } from './worker-process';

/** Until health must tell of what happened: it asks every 8 s, and gives 5 s for an answer. */
const TOLD_WITHIN_MS = 25_000;

const jobsOn = (queue: string) => {
  @TaskQueue(queue, { concurrency: 2 })
  class Jobs {
    @Task({ payload: 'none' }) run(): void {}
  }
  return Jobs;
};

const jobOf = (queue: string, method = 'run') => defineTask(`${queue}.${method}`, { queue, payload: 'none' });

/** What a prober sees that asks every now and then. */
const becomes = (what: string, app: TaskApp, passes: (health: AppHealth) => boolean): Promise<AppHealth> =>
  eventually(what, () => app.health(), passes, TOLD_WITHIN_MS);

const isReady = ({ ready }: AppHealth): boolean => ready;
const has =
  (code: string) =>
  ({ reasons }: AppHealth): boolean =>
    reasons.some((reason) => reason.code === code);

describe.each(TESTED_SERIES)('the health of a worker on RabbitMQ %s', (series) => {
  let server: TestBroker;
  let proxy: TcpProxy;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
  }, 120_000);
  beforeEach(async () => {
    proxy = await startProxy({ targetPort: server.port });
  });
  afterEach(async () => {
    await stopApps();
    proxy.dispose();
  });
  afterAll(() => server.dispose(), 60_000);

  /** A worker, through the proxy, whose broker has answered every question. */
  async function startWorker(options: { heartbeat?: 0; topology?: 'verify' } = {}) {
    const queue = uniqueName('healthy');
    const tasks = [jobsOn(queue)];
    if (options.topology === 'verify') await (await startApp({ url: server.url, tasks })).stop();
    const app = await startApp({ url: proxy.url(server.url), tasks, ...options });
    await becomes('ready', app, isReady);
    return { app, queue };
  }

  it('is ready on a healthy one, and stays so', async () => {
    const { app } = await startWorker();
    // The broker's answers to the first questions change nothing.
    await bounded('the answers', Promise.all([app.broker.ping(), app.broker.ping()]));
    expect(app.health()).toMatchObject({ live: true, ready: true, degraded: false, reasons: [] });
  });

  it.each([
    ['nothing goes through any more', () => proxy.pause()],
    ['the broker is no longer heard', () => proxy.pauseServerToClient()],
  ])(
    'without heartbeats, sees that %s, and that it does again',
    async (_, breakIt) => {
      const { app, queue } = await startWorker({ heartbeat: 0 });
      breakIt();
      const sick = await becomes('not ready', app, (health) => has('connection-silent')(health) && !isReady(health));
      expect(sick.connections.every(({ state }) => state === 'connected')).toBe(true);
      expect(sick.live).toBe(true);
      await becomes('the consumer told', app, has('consumer-silent'));
      expect(app.health().consumers.find((consumer) => consumer.queue === queue)).toMatchObject({
        state: 'consuming',
        healthy: false,
      });
      proxy.resume();
      await becomes('ready again', app, isReady);
    },
    90_000,
  );

  it('sees that a frozen broker answers nothing', async () => {
    const { app } = await startWorker({ heartbeat: 0 });
    await server.suspend();
    try {
      const sick = await becomes('not ready', app, (health) => !isReady(health));
      expect(sick).toMatchObject({ live: true, ready: false });
    } finally {
      await server.resume();
    }
    await becomes('ready again', app, isReady);
  }, 90_000);

  it('is live and not ready while its broker is killed, and says why', async () => {
    const { app, queue } = await startWorker();
    const declaredAt = Date.now();
    await untilOldEnough(declaredAt);
    await server.kill();
    try {
      const sick = await becomes('not ready', app, (health) => has('connection-lost')(health));
      expect(sick).toMatchObject({ live: true, ready: false });
      expect(sick.reasons.map(({ message }) => message).join()).toContain(`the queue "${queue}" is not consumed`);
    } finally {
      await server.start();
    }
    await becomes('ready again', app, isReady);
  }, 120_000);

  it('is not ready while its queue is gone that it may not declare, and ready once somebody has', async () => {
    const { app, queue } = await startWorker({ topology: 'verify' });
    await server.ctl('delete_queue', queue);
    const sick = await becomes('not ready', app, (health) => has('not-consuming')(health));
    expect(sick.consumers).toContainEqual(expect.objectContaining({ queue, state: 'recovering', healthy: false }));
    expect(sick.connections.every(({ healthy }) => healthy)).toBe(true);
    await (await startApp({ url: server.url, tasks: [jobsOn(queue)], consume: false })).stop();
    await becomes('ready again', app, isReady);
  }, 90_000);

  it('is not ready while its queue is declared again', async () => {
    const { app, queue } = await startWorker();
    const seen: AppHealth[] = [];
    app.on('subscription:changed', () => void seen.push(app.health()));
    await server.ctl('delete_queue', queue);
    await eventually(
      'both changes',
      () => seen.length,
      (count) => count >= 2,
    );
    expect(seen[0]).toMatchObject({ live: true, ready: false, reasons: [{ code: 'not-consuming' }] });
    await becomes('ready again', app, isReady);
  }, 60_000);

  it('is ready and degraded while the broker blocks who publishes', async () => {
    const { app, queue } = await startWorker();
    await server.ctl('set_vm_memory_high_watermark', '0');
    try {
      // The broker tells of its alarm only to who publishes.
      const enqueued = app.client.enqueue(jobOf(queue), undefined, { timeout: '1s' });
      await bounded(
        'the answer',
        enqueued.catch(() => undefined),
      );
      const blocked = await becomes('blocked', app, has('connection-blocked'));
      expect(blocked).toMatchObject({ live: true, ready: true, degraded: true });
    } finally {
      await server.ctl('set_vm_memory_high_watermark', '0.6');
    }
    await becomes('well again', app, ({ degraded }) => !degraded);
  }, 60_000);
});

describe('the health of a worker on RabbitMQ 4.3', () => {
  let server: TestBroker;

  beforeAll(async () => {
    server = await startPrivateBroker({ series: NEWEST_TESTED });
  }, 120_000);
  afterEach(stopApps);
  afterAll(() => server.dispose(), 60_000);

  it('sees that the broker has lost its consumer without a word, and consumes again', async () => {
    const queue = uniqueName('healthy');
    const Jobs = jobsOn(queue);
    const app = await startApp({ url: server.url, tasks: [Jobs] });
    await becomes('ready', app, isReady);
    // It lasts some milliseconds only, once it is seen: a prober may miss it.
    const seen: AppHealth[] = [];
    app.on('subscription:changed', (changed) => {
      if (changed.queue === queue && changed.state === 'recovering') seen.push(app.health());
    });
    await forgetConsumer(server, queue);
    await becomes('not ready', app, () => seen.length > 0);
    expect(seen[0]).toMatchObject({ live: true, ready: false, reasons: [{ code: 'not-consuming' }] });
    expect(seen[0]?.connections.every(({ healthy }) => healthy)).toBe(true);
    await becomes('ready again', app, isReady);
    const done = app.once('task:completed');
    await app.client.of(Jobs).run();
    await bounded('the task', done);
  }, 90_000);

  it('is not ready while handlers that ignore their timeout hold every slot, and ready once they return', async () => {
    const queue = uniqueName('stuck');
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let started = 0;
    @TaskQueue(queue, { concurrency: 2 })
    class Deaf {
      @Task({ payload: 'none', timeout: '100ms', maxAttempts: 1 })
      async run(): Promise<void> {
        started++;
        await released;
      }
    }
    const app = await startApp({ url: server.url, tasks: [Deaf] });
    await becomes('ready', app, isReady);
    const waiting = 'the one that no slot is left for';
    for (const id of ['1', '2', '3', '4', waiting]) await app.client.of(Deaf).run(undefined, { id });
    const stuck = await becomes('not ready', app, (health) => !isReady(health));
    expect(stuck).toMatchObject({ live: true, reasons: [{ code: 'slots-stuck', costs: 'ready' }] });
    expect(stuck.consumers[0]).toMatchObject({ queue, state: 'consuming', healthy: false, overdue: 2, concurrency: 2 });
    expect(started).toBe(4);
    const last = app.once('task:completed', ({ id }) => id === waiting);
    release();
    await bounded('the task that waited', last);
    await becomes('ready again', app, isReady);
  }, 60_000);

  it('answers nothing while its event loop stands still, and tells of it afterwards', async () => {
    const queue = uniqueName('blocking');
    const worker = new WorkerProcess('blocking-worker.cjs', server.url, queue, '6000');
    try {
      await worker.says('port');
      const url = `http://127.0.0.1:${worker.said('port')[0]?.split(' ')[1]}/live`;
      expect(await (await fetch(url)).json()).toMatchObject({ live: true, ready: true });
      const sender = await startApp({ url: server.url, tasks: [jobsOn(queue)], consume: false });
      await sender.client.enqueue(jobOf(queue, 'work'));
      await worker.says('begin');
      // As a prober asks, with its own timeout.
      await expect(fetch(url, { signal: AbortSignal.timeout(1_000) })).rejects.toThrow(/timeout/);
      await worker.says('end');
      const health = (await (await fetch(url)).json()) as AppHealth;
      expect(health).toMatchObject({ live: true, degraded: true });
      expect(health.reasons).toContainEqual(expect.objectContaining({ code: 'loop-blocked', costs: 'nothing' }));
      await worker.says('blocked');
      expect(Number(worker.said('blocked')[0]?.split(' ')[1])).toBeGreaterThan(4_000);
    } finally {
      await worker.end('SIGKILL');
    }
  }, 60_000);
});

/** Takes a consumer out of a quorum queue as if its client had cancelled it, and tells nobody. */
async function forgetConsumer(server: TestBroker, queue: string): Promise<void> {
  const name = `rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)`;
  await server.ctl(
    'eval',
    `{ok, Q} = rabbit_amqqueue:lookup(${name}),
     [ra:process_command(amqqueue:get_pid(Q), rabbit_fifo:make_checkout({Tag, Pid}, cancel, #{}))
       || {Pid, Tag, _, _, _, _, _, _} <- rabbit_amqqueue:consumers(Q)].`,
  );
}

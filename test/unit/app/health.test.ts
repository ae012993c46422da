import { createTaskApp, Task, type TaskApp, type TaskAppOptions, TaskQueue } from '../../../src';
import { bounded } from '../../support/bounded';

const host = '127.0.0.1';
const apps: TaskApp[] = [];
const createApp = async (options: TaskAppOptions): Promise<TaskApp> => {
  const app = await createTaskApp({ url: 'memory:', logger: false, handleSignals: false, ...options });
  apps.push(app);
  return app;
};
afterEach(() => bounded('every app to stop', Promise.all(apps.splice(0).map((app) => app.stop()))));

@TaskQueue('jobs', { concurrency: 3 })
class Jobs {
  @Task({ payload: 'none' }) run(): void {}
}

const ask = async (app: TaskApp, path: string): Promise<{ status: number; body: ReturnType<TaskApp['health']> }> => {
  const answer = await fetch(`http://${host}:${app.httpPort}${path}`);
  return { status: answer.status, body: (await answer.json()) as ReturnType<TaskApp['health']> };
};

it('is live from the first, ready once it consumes, and neither after its stop', async () => {
  const app = await createApp({ tasks: [Jobs] });
  expect(app.health()).toMatchObject({ live: true, ready: false, reasons: [{ code: 'app-not-started' }] });
  expect(app.health().consumers.map(({ state }) => state)).toEqual(['starting', 'starting']);
  await app.start();
  expect(app.health()).toEqual({
    live: true,
    ready: true,
    degraded: false,
    reasons: [],
    connections: [{ name: 'memory', state: 'connected', healthy: true }],
    consumers: [
      { queue: 'jobs', state: 'consuming', healthy: true, running: 0, overdue: 0, concurrency: 3 },
      { queue: 'jobs.suspects', state: 'consuming', healthy: true, running: 0, overdue: 0, concurrency: 1 },
    ],
  });
  await app.stop();
  expect(app.health()).toMatchObject({ live: false, ready: false, reasons: [{ code: 'app-stopped' }] });
});

it('is ready where it only enqueues', async () => {
  const app = await createApp({});
  await app.start();
  expect(app.health()).toMatchObject({ ready: true, consumers: [] });
});

it('stays ready while it is paused, since somebody asked for that, and after it was resumed', async () => {
  const app = await createApp({ tasks: [Jobs] });
  await app.start();
  await app.pause();
  expect(app.health()).toMatchObject({ ready: true, consumers: [{ state: 'paused', healthy: true }, {}] });
  await app.resume();
  expect(app.health()).toMatchObject({ ready: true, consumers: [{ state: 'consuming', healthy: true }, {}] });
});

it('serves nothing unless it is told to', async () => {
  const app = await createApp({});
  await app.start();
  expect(app.httpPort).toBeUndefined();
});

it('serves whether it is live and ready, with the reasons, from before it connects until it has stopped', async () => {
  const app = await createApp({
    url: 'amqp://guest:c4n4ry@127.0.0.1:1',
    tasks: [Jobs],
    http: { port: 0, host },
    waitForBroker: '20s',
  });
  const waiting = app.once('connection:changed', ({ error }) => error !== undefined);
  const starting = app.start();
  await bounded('the first attempt', waiting);
  expect(await ask(app, '/live')).toMatchObject({ status: 200, body: { live: true, ready: false } });
  const { status, body } = await ask(app, '/ready');
  expect(status).toBe(503);
  expect(body.reasons).toMatchObject([
    { code: 'app-not-started', costs: 'ready', message: 'the app is starting' },
    { code: 'connection-lost', message: expect.stringMatching(/warren:publish is connecting .*ECONNREFUSED/) },
  ]);
  expect(JSON.stringify(body)).not.toContain('c4n4ry');
  await app.stop();
  await starting;
  expect(app.httpPort).toBeUndefined();
});

it('serves paths that were added, and tells which of them failed', async () => {
  const app = await createApp({ http: { port: 0, host } });
  app.serve('/version', () => ({ contentType: 'text/plain', body: '1.2.3' }));
  app.serve('/broken', () => {
    throw new Error('no idea');
  });
  await app.start();
  expect(await (await fetch(`http://${host}:${app.httpPort}/version`)).text()).toBe('1.2.3');
  const failed = app.once('listener:failed');
  await fetch(`http://${host}:${app.httpPort}/broken`);
  expect(await bounded('the event', failed)).toMatchObject({ event: 'GET /broken', error: { message: 'no idea' } });
  expect(() => app.serve('/live', () => ({ contentType: 'text/plain', body: '' }))).toThrow(/already/);
});

it('does not start where its port is taken, and leaves nothing', async () => {
  const first = await createApp({ http: { port: 0, host } });
  await first.start();
  const second = await createApp({ tasks: [Jobs], http: { port: Number(first.httpPort), host }, handleSignals: true });
  const listening = process.listenerCount('SIGTERM');
  await expect(second.start()).rejects.toMatchObject({ code: 'HTTP_LISTEN_FAILED', port: first.httpPort });
  expect(second.state).toBe('stopped');
  expect(process.listenerCount('SIGTERM')).toBe(listening);
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTaskApp, Task, type TaskApp, TaskQueue } from '../../../src';
import { sharedServer } from '../../../src/app/memory-servers';
import { systemClock } from '../../../src/time/system-clock';
import { uniqueName } from '../../support/apps';
import { bounded } from '../../support/bounded';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const listeners = () => SIGNALS.map((signal) => process.listenerCount(signal));

async function busyPort(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

async function expectNothingLeft(app: TaskApp, before: readonly number[]): Promise<void> {
  expect(app.state).toBe('stopped');
  expect(app.httpPort).toBeUndefined();
  expect(app.running).toBe(0);
  expect(listeners()).toEqual(before);
  // However often, and in whatever order.
  await expect(app.start()).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await app.stop();
  await Promise.all([app.stop(), app.stop()]);
  await expect(app.start()).rejects.toMatchObject({ code: 'NOT_STARTED' });
  expect(listeners()).toEqual(before);
}

describe('a start that fails leaves nothing behind, and says so when it is tried again', () => {
  it('where the port is taken', async () => {
    const before = listeners();
    const { server, port } = await busyPort();
    const http = { port, host: '127.0.0.1' };
    const app = await createTaskApp({ url: 'memory:', http, handleSignals: true, logger: false });
    await expect(app.start()).rejects.toMatchObject({ code: 'HTTP_LISTEN_FAILED' });
    await expectNothingLeft(app, before);
    server.close();
  });

  it('where the topology is in conflict', async () => {
    const before = listeners();
    const name = uniqueName('conflict');
    const broker = sharedServer(name, systemClock).connect();
    await broker.connect();
    const other = { name, arguments: { 'x-queue-type': 'classic' } };
    await broker.declare({ exchanges: [], queues: [other], bindings: [] });
    @TaskQueue(name)
    class Jobs {
      @Task({ payload: 'none' }) run(): void {}
    }
    const app = await createTaskApp({
      url: `memory:${name}`,
      tasks: [Jobs],
      http: { port: 0, host: '127.0.0.1' },
      logger: false,
    });
    await expect(app.start()).rejects.toMatchObject({ code: 'TOPOLOGY_CONFLICT' });
    await expectNothingLeft(app, before);
    await broker.close();
  });

  it('where a queue is missing, after another one is consumed already', async () => {
    const before = listeners();
    const [there, missing] = [uniqueName('there'), uniqueName('missing')];
    const broker = sharedServer(there, systemClock).connect();
    await broker.connect();
    const queues = [there, `${there}.suspects`].map((name) => ({ name, arguments: { 'x-queue-type': 'quorum' } }));
    await broker.declare({ exchanges: [], queues, bindings: [] });
    let ends = 0;
    const begun = new Promise<void>((resolve) => {
      @TaskQueue(there)
      class There {
        @Task({ payload: 'none', name: there }) async run(): Promise<void> {
          resolve();
          await new Promise((turn) => setImmediate(turn));
          ends++;
        }
      }
      classes.push(There);
    });
    @TaskQueue(missing)
    class Missing {
      @Task({ payload: 'none' }) run(): void {}
    }
    const properties = { type: there, contentType: 'application/json', messageId: 'm-1' };
    await broker.publisher.publish({ exchange: '', routingKey: there, body: Buffer.from('null'), properties });
    const app = await createTaskApp({
      url: `memory:${there}`,
      tasks: [...classes.splice(0), Missing],
      topology: 'off',
      logger: false,
    });
    await expect(app.start()).rejects.toMatchObject({ code: 'QUEUE_MISSING' });
    await bounded('the task', begun);
    expect(ends).toBe(1);
    expect(await broker.queueState(there)).toEqual({ ready: 0, consumers: 0 });
    await expectNothingLeft(app, before);
    await broker.close();
  });
});

const classes: (new () => object)[] = [];

it('a stop while the app waits for its broker leaves no timer behind', async () => {
  const timers: { cancelled: boolean }[] = [];
  const clock = {
    now: () => Date.now(),
    schedule: () => {
      const timer = {
        cancelled: false,
        cancel: () => {
          timer.cancelled = true;
        },
      };
      timers.push(timer);
      return timer;
    },
  };
  const app = await createTaskApp({ url: 'amqp://127.0.0.1:1', waitForBroker: true, logger: false, clock });
  const waiting = app.once('connection:changed', ({ error }) => error !== undefined);
  const started = app.start();
  await waiting;
  await new Promise((resolve) => setImmediate(resolve));
  await app.stop();
  await started;
  expect(timers.length).toBeGreaterThan(0);
  expect(timers.filter(({ cancelled }) => !cancelled)).toEqual([]);
});

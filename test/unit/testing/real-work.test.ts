import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { defineTask, fixed, SnoozeTask, Task, type TaskContext, TaskQueue } from '../../../src';
import { createTestApp, type TestApp } from '../../../src/testing';

const work = defineTask<{ size: number }>('jobs.work', { queue: 'jobs', payload: 'unchecked' });
const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

let app: TestApp;
let handler: (task: TaskContext) => unknown;
/** Attempts with the time of the test clock at which they began. A retry's minute is 64 s on the ladder. */
let began: string[];

@TaskQueue('jobs', { maxAttempts: 3, backoff: fixed('1m', { jitter: 'none' }), timeout: '30s', concurrency: 2 })
class Jobs {
  @Task(work)
  work(_job: unknown, task: TaskContext): unknown {
    began.push(`${task.id} ${task.attempt} +${app.clock.now() - START}`);
    return handler(task);
  }
}

beforeEach(async () => {
  began = [];
  handler = () => undefined;
  app = await createTestApp({ tasks: [Jobs] });
});
afterEach(() => app.stop());

describe('while a handler does real work, the test clock stands still', () => {
  /** What a handler may wait for: with a handle that Node knows of, or without one. */
  const kinds: Readonly<Record<string, () => Promise<unknown>>> = {
    'a timer': () => wait(10),
    'a long timer': () => wait(400),
    'a timer that holds up no process': () => wait(60, undefined, { ref: false }),
    'an abort signal': () => once(AbortSignal.timeout(60), 'abort'),
    'many timers, one after the other': async () => {
      for (let step = 0; step < 100; step++) await wait(1);
    },
    'a timer, while the process gets no time': async () => {
      const waited = wait(60, undefined, { ref: false });
      for (let turn = 0; turn < 250; turn++) await new Promise((resolve) => setImmediate(resolve));
      for (const until = performance.now() + 400; performance.now() < until; );
      await waited;
    },
    'many turns of the event loop': async () => {
      for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
    },
  };

  it.each(Object.entries(kinds))('with %s', async (_kind, doWork) => {
    const ended: number[] = [];
    handler = async () => {
      await doWork();
      ended.push(app.clock.now() - START);
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'a', delay: '10m' });
    await app.advance('1h');
    expect(began).toEqual(['a 1 +600000']);
    expect(ended).toEqual([10 * MINUTE]);
    expect(app.clock.now()).toBe(START + 60 * MINUTE);
  });

  it('with a request', async () => {
    const server = await listen(10);
    const statuses: number[] = [];
    handler = async () => {
      const { port } = server.address() as AddressInfo;
      statuses.push((await fetch(`http://127.0.0.1:${port}/`)).status);
    };
    await app.client.enqueueMany(
      work,
      [1, 2, 3, 4].map((size) => ({ payload: { size }, id: `r${size}` })),
    );
    await app.advance('1h');
    expect(began).toEqual(['r1 1 +0', 'r2 1 +0', 'r3 1 +0', 'r4 1 +0']);
    expect(statuses).toEqual([200, 200, 200, 200]);
    await close(server);
  });

  it('so that retries, snoozes and delayed tasks of the handler count from where they began', async () => {
    handler = async ({ id, attempt }) => {
      await wait(5);
      if (id === 'child') return;
      if (attempt === 1) throw new Error('first');
      await app.client.enqueue(work, { size: 2 }, { id: 'child', delay: '10m' });
      if (began.length === 2) throw new SnoozeTask('5m');
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'p' });
    await expect(app.advance('1h')).rejects.toThrow('first');
    expect(began).toEqual(['p 1 +0', 'p 2 +64000', 'p 2 +364000', 'child 1 +664000', 'child 1 +964000']);
  });

  it('also where a resolver or a payload check does it', async () => {
    await app.stop();
    app = await createTestApp({
      tasks: [Jobs],
      resolver: {
        get: async <T>() => {
          await wait(10);
          return new Jobs() as T;
        },
      },
    });
    await app.client.enqueue(work, { size: 1 }, { id: 'a' });
    await app.advance('1h');
    expect(began).toEqual(['a 1 +0']);
  });

  it('also for what a handler does after its timeout, before it returns', async () => {
    const returned: number[] = [];
    const overdue = jest.fn();
    app.app.on('task:overdue', overdue);
    handler = async (task) => {
      if (task.attempt > 1) return;
      await once(task.signal, 'abort');
      await wait(10);
      returned.push(app.clock.now() - START);
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'a' });
    await app.advance('1h');
    expect(returned).toEqual([30_000]);
    expect(overdue).not.toHaveBeenCalled();
    expect(began).toEqual(['a 1 +0', 'a 2 +94000']);
  });
});

describe('what waits for nothing real', () => {
  it('times out as often as it may, whatever else runs beside it', async () => {
    handler = (task) => (task.id === 'stuck' ? new Promise(() => undefined) : wait(5));
    await app.client.enqueue(work, { size: 1 }, { id: 'stuck' });
    for (let minute = 0; minute < 20; minute++) {
      await app.client.enqueue(work, { size: 1 }, { id: `m${minute}`, delay: minute * MINUTE });
    }
    await app.advance('1h');
    expect(began.filter((line) => line.startsWith('stuck'))).toEqual([
      'stuck 1 +0',
      'stuck 2 +94000',
      'stuck 3 +188000',
    ]);
    expect(began.filter((line) => line.startsWith('m'))).toHaveLength(20);
    expect(await app.deadLetters.list('jobs')).toMatchObject([{ id: 'stuck', reason: 'exhausted' }]);
  });

  it('may wait for the test clock itself, also past the end of a call', async () => {
    const ended: number[] = [];
    handler = async () => {
      for (let step = 0; step < 10; step++) await new Promise<void>((resolve) => app.clock.schedule(resolve, 1_000));
      ended.push(app.clock.now() - START);
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'a' });
    await app.advance('4s');
    expect(ended).toEqual([]);
    await app.advance('6s');
    expect(ended).toEqual([10_000]);
  });

  it('ends advance with an error where nothing can ever end it', async () => {
    const forever = defineTask('forever.run', { queue: 'forever', payload: 'none' });
    @TaskQueue('forever', { timeout: 0 })
    class Forever {
      @Task(forever)
      run(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    await app.stop();
    app = await createTestApp({ tasks: [Forever], stopTimeout: '1s' });
    await app.client.enqueue(forever);
    await expect(app.advance('1h')).rejects.toMatchObject({ code: 'TEST_STALLED', running: 1 });
  });

  it('lets drain end where tasks enqueue each other for ever', async () => {
    await app.stop();
    app = await createTestApp({ tasks: [Jobs], patience: '50ms' });
    handler = () => app.client.enqueue(work, { size: 1 });
    await app.client.enqueue(work, { size: 1 });
    await expect(app.drain()).rejects.toMatchObject({ code: 'TEST_STALLED' });
    handler = () => undefined;
  });

  it('may take many handlers longer than the patience is', async () => {
    await app.stop();
    app = await createTestApp({ tasks: [Jobs], patience: '300ms' });
    handler = () => wait(100);
    await app.client.enqueueMany(
      work,
      Array.from({ length: 12 }, () => ({ payload: { size: 1 } })),
    );
    await app.drain();
    expect(began).toHaveLength(12);
  });

  it('lets drain end with an error that says what to do', async () => {
    await app.stop();
    app = await createTestApp({ tasks: [Jobs], patience: '100ms' });
    handler = () => new Promise(() => undefined);
    await app.client.enqueue(work, { size: 1 }, { id: 'a' });
    await expect(app.drain()).rejects.toMatchObject({ code: 'TEST_STALLED', running: 1 });
    await expect(app.perform(work, { size: 1 })).rejects.toThrow(/advance\(\)/);
  });

  it('does not keep an app from stopping', async () => {
    await app.stop();
    app = await createTestApp({ tasks: [Jobs], stopTimeout: '5s' });
    const reasons: unknown[] = [];
    handler = (task) => {
      task.signal.addEventListener('abort', () => reasons.push(task.signal.reason));
      return new Promise(() => undefined);
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'a' });
    await app.advance('10s');
    await app.app.stop();
    expect(reasons).toMatchObject([{ code: 'SHUTTING_DOWN' }]);
  });

  it('is given up after the patience where something real never answers', async () => {
    const server = await listen(undefined);
    await app.stop();
    app = await createTestApp({ tasks: [Jobs], patience: '200ms' });
    handler = async (task) => {
      const { port } = server.address() as AddressInfo;
      await fetch(`http://127.0.0.1:${port}/`, { signal: task.signal });
    };
    await app.client.enqueue(work, { size: 1 }, { id: 'a' });
    await expect(app.advance('1h')).rejects.toMatchObject({ code: 'TASK_TIMEOUT' });
    expect(began).toEqual(['a 1 +0', 'a 2 +94000', 'a 3 +188000']);
    await close(server);
  });
});

describe('perform', () => {
  it.each([{ delay: 1 }, { delay: '3d' }, { runAt: new Date(START + 7 * MINUTE) }] as const)(
    'moves the clock to where the task is due: %j',
    async (options) => {
      handler = () => wait(5);
      expect(await app.perform(work, { size: 1 }, { id: 'a', ...options })).toEqual({ outcome: 'completed', id: 'a' });
      const delayMs = { delay: 'delay' in options ? options.delay : 7 * MINUTE }.delay;
      const expected = delayMs === '3d' ? 3 * 24 * 60 * MINUTE : Number(delayMs);
      expect(app.clock.now() - START).toBeGreaterThanOrEqual(expected);
      // Delays are kept to 125 ms.
      expect(app.clock.now() - START).toBeLessThanOrEqual(expected + 250);
    },
  );

  it('tells of a task that expires on its way', async () => {
    handler = () => wait(5);
    const performed = await app.perform(work, { size: 1 }, { id: 'a', delay: '1m', expiresIn: '2m' });
    expect(performed).toEqual({ outcome: 'completed', id: 'a' });
  });

  it('refuses what no task of the app would run', async () => {
    const elsewhere = defineTask('other.thing', { queue: 'other', payload: 'none' });
    await expect(app.perform(elsewhere)).rejects.toThrow(/no task of this app .*"other"/i);
  });
});

/** @param answersAfterMs - `undefined`: never. */
async function listen(answersAfterMs: number | undefined): Promise<Server> {
  const server = createServer((_request, response) => {
    if (answersAfterMs !== undefined) setTimeout(() => response.end('ok'), answersAfterMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

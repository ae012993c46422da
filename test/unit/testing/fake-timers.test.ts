import timers from 'node:timers';
import { setTimeout as realWait } from 'node:timers/promises';
import type * as Warren from '../../../src';
import { createTaskApp, defineTask, fixed, Task, type TaskContext, TaskQueue } from '../../../src';
import type * as Testing from '../../../src/testing';
import { createTestApp, type TestApp } from '../../../src/testing';

const work = defineTask('jobs.work', { queue: 'jobs', payload: 'none' });

let failures: number;
let began: string[];

@TaskQueue('jobs', { maxAttempts: 3, backoff: fixed('1m', { jitter: 'none' }) })
class Jobs {
  @Task(work)
  async work(_payload: undefined, task: TaskContext): Promise<void> {
    began.push(`${task.id} ${task.attempt}`);
    await realWait(5);
    if (task.attempt <= failures) throw new Error('not yet');
  }
}

@TaskQueue('reports')
class Reports {
  @Task({ name: 'reports.build', payload: 'none', schedule: { every: '1h' } })
  async build(_payload: undefined, task: TaskContext): Promise<void> {
    began.push(task.id);
  }
}

/** Everything that a test app can be asked for. */
async function exercise(app: TestApp): Promise<void> {
  await app.client.enqueue(work, undefined, { id: 'a' });
  expect(await app.enqueued()).toMatchObject([{ id: 'a' }]);
  await app.drain();
  expect(await app.perform(work, undefined, { id: 'b', delay: '1m' })).toEqual({ outcome: 'completed', id: 'b' });
  const results = await app.client.enqueueMany(
    work,
    Array.from({ length: 250 }, (_, index) => ({ id: `m${index}`, payload: undefined })),
  );
  expect(results.every(({ ok }) => ok)).toBe(true);
  await app.drain();
  expect(began).toHaveLength(252);
  failures = 9;
  await app.client.enqueue(work, undefined, { id: 'dead' });
  await expect(app.advance('1h')).rejects.toThrow('not yet');
  failures = 0;
  expect(await app.deadLetters.count('jobs')).toBe(1);
  await app.deadLetters.replay('jobs', { ratePerSecond: 100 });
  await app.drain();
  expect(await app.deadLetters.count('jobs')).toBe(0);
  await app.app.schedules.pause('reports.build');
  await app.app.schedules.resume('reports.build');
  began = [];
  await app.advance('1h');
  expect(began).toEqual(['reports.build@2026-01-01T02:00:00.000Z']);
  await app.stop();
}

beforeEach(() => {
  failures = 0;
  began = [];
});

describe("under Jest's fake timers, all of them", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('a test app does all it does otherwise', async () => {
    await exercise(await createTestApp({ tasks: [Jobs, Reports] }));
  });

  it('a test app that loaded after they were installed, too', async () => {
    let loaded: { warren: typeof Warren; testing: typeof Testing } | undefined;
    jest.isolateModules(() => {
      loaded = { warren: require('../../../src'), testing: require('../../../src/testing') };
    });
    const { warren, testing } = loaded as NonNullable<typeof loaded>;
    const late = warren.defineTask('late.work', { queue: 'late', payload: 'none' });
    @warren.TaskQueue('late')
    class Late {
      @warren.Task(late)
      async work(): Promise<void> {
        began.push('late');
        await realWait(5);
      }
    }
    const app = await testing.createTestApp({ tasks: [Late] });
    await app.client.enqueue(late, undefined, { delay: '1m' });
    await app.advance('1h');
    expect(began).toEqual(['late']);
    await app.stop();
  });
});

it("a test app that was started before Jest's fake timers stops under them, and leaves nothing", async () => {
  const app = await createTestApp({ tasks: [Jobs, Reports] });
  jest.useFakeTimers();
  try {
    await exercise(app);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

it("a test app works where Node's own timers module is faked too, as sinon and Vitest do", async () => {
  const names = [
    'setTimeout',
    'setImmediate',
    'setInterval',
    'clearTimeout',
    'clearImmediate',
    'clearInterval',
  ] as const;
  const fakes = names.map((name) => jest.spyOn(timers, name).mockImplementation((() => undefined) as never));
  jest.useFakeTimers();
  try {
    await exercise(await createTestApp({ tasks: [Jobs, Reports] }));
    for (const fake of fakes) expect(fake).not.toHaveBeenCalled();
  } finally {
    jest.useRealTimers();
    jest.restoreAllMocks();
  }
});

it('an app on memory: keeps the time of the machine, and stops', async () => {
  jest.useFakeTimers({ now: 0 });
  try {
    const app = await createTaskApp({ url: 'memory:', tasks: [Jobs], logger: false, handleSignals: false });
    await app.start();
    const completed = app.once('task:completed');
    await app.client.enqueue(work, undefined, { id: 'a', delay: 10 });
    expect(await completed).toMatchObject({ id: 'a' });
    await app.stop();
  } finally {
    jest.useRealTimers();
  }
});

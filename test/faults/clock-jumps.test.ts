import { type Clock, fixed, Task, type TaskContext, TaskQueue } from '../../src';
import { HOUR } from '../../src/time/duration';
import { systemClock } from '../../src/time/system-clock';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';

const DELAY_MS = 1_000;

describe.each(sharedBrokers())('a wall clock that jumps, on RabbitMQ $series,', ({ url }) => {
  afterEach(stopApps);

  it.each([
    ['an hour forward', HOUR],
    ['an hour back', -HOUR],
  ])('%s, brings nothing early or late, and times nothing out', async (_, jumpMs) => {
    let offsetMs = 0;
    // Timers do not follow the wall clock: Node's are monotonic.
    const clock: Clock = {
      now: () => systemClock.now() + offsetMs,
      schedule: (callback, delayMs) => systemClock.schedule(callback, delayMs),
    };
    const runs: { readonly attempt: number; readonly at: number }[] = [];
    @TaskQueue(uniqueName('jumping'), { backoff: fixed(DELAY_MS), timeout: '30s', maxElapsed: '2h' })
    class Jumping {
      @Task({ payload: 'unchecked' })
      async work(_payload: unknown, task: TaskContext): Promise<void> {
        runs.push({ attempt: task.attempt, at: performance.now() });
        // It jumps while the task runs, and again while its retry waits.
        if (task.attempt === 1) offsetMs = jumpMs;
        await new Promise((resolve) => setImmediate(resolve));
        if (task.attempt === 1) throw new Error('told to');
      }
    }
    const app = await startApp({ url, tasks: [Jumping], clock });
    const ended: string[] = [];
    app.on('task:timed-out', () => ended.push('timed out'));
    app.on('task:retried', () => {
      offsetMs = 0;
    });
    const completed = app.once('task:completed');
    const enqueuedAt = performance.now();
    await app.client.of(Jumping).work({}, { delay: DELAY_MS, expiresIn: '3h' });
    expect(await bounded('the second attempt', completed)).toMatchObject({ attempt: 2 });
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const [first, second] = runs.map(({ at }) => at) as [number, number];
    // Not early; how late is the machine's affair, but no hour.
    expect(first - enqueuedAt).toBeGreaterThanOrEqual(DELAY_MS);
    expect(second - first).toBeGreaterThanOrEqual(DELAY_MS);
    expect(ended).toEqual([]);
  });
});

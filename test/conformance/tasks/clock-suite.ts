import {
  type Clock,
  fixed,
  Task,
  type TaskApp,
  type TaskAppOptions,
  type TaskContext,
  TaskQueue,
  type TaskQueueOptions,
} from '../../../src';
import type { ClassType } from '../../../src/task/class-type';
import { systemClock } from '../../../src/time/system-clock';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The machine's clock, set wrong. */
const wrongBy = (aheadMs: number): Clock => ({
  now: () => systemClock.now() + aheadMs,
  schedule: (callback, delayMs) => systemClock.schedule(callback, delayMs),
});

/** A queue whose task fails until an attempt, and a service that only sends to it. */
function jobs(failsUntil = 1, options: TaskQueueOptions = {}) {
  const queue = uniqueName('clocks');
  const attempts: number[] = [];
  @TaskQueue(queue, { backoff: fixed('1s'), ...options })
  class Jobs {
    @Task({ name: `${queue}.run`, payload: 'unchecked' })
    run(_payload: unknown, task: TaskContext): void {
      attempts.push(task.attempt);
      if (task.attempt < failsUntil) throw new Error('once more');
    }
  }
  @TaskQueue(queue)
  class Others {
    @Task({ name: `${queue}.other`, payload: 'unchecked' }) other(_payload: unknown): void {}
  }
  return { queue, attempts, Jobs, Others };
}

/** What clocks of several machines that differ do to tasks, on whatever broker the URL names. */
export function describeClocks(brokerName: string, urlOf: () => string): void {
  describe(`clocks that differ, on ${brokerName}:`, () => {
    afterEach(stopApps);

    const start = (type: ClassType, options: TaskAppOptions = {}, listen?: (app: TaskApp) => void): Promise<TaskApp> =>
      startApp({ url: urlOf(), tasks: [type], ...options }, listen);

    /** Starts a worker. @returns what becomes of tasks there, from its start on. */
    const watch = async (type: ClassType, options: TaskAppOptions) => {
      const seen: { readonly kind: string; readonly attempt: number }[] = [];
      const app = await start(type, options, (starting) => {
        for (const kind of ['task:completed', 'task:dead-lettered', 'task:retried'] as const)
          starting.on(kind, ({ attempt }) => void seen.push({ kind, attempt }));
      });
      return { app, seen };
    };

    it.each([
      ['a worker a minute ahead', MINUTE, 0],
      ['a worker an hour ahead', HOUR, 0],
      ['a worker an hour behind', -HOUR, 0],
      ['a sender a minute behind', 0, -MINUTE],
      ['a sender an hour ahead', 0, HOUR],
      ['a worker ahead of a sender that is behind', HOUR, -HOUR],
    ])('%s runs a delayed task that lives for less, and its retry', async (_, worker, sender) => {
      const { attempts, Jobs } = jobs(2);
      const app = await start(Jobs, { clock: wrongBy(sender), consume: false });
      const consumer = await start(Jobs, { clock: wrongBy(worker) });
      const completed = consumer.once('task:completed');
      await app.client.of(Jobs).run({}, { delay: '250ms', expiresIn: '30s' });
      expect(await bounded('completion', completed)).toMatchObject({ attempt: 2 });
      expect(attempts).toEqual([1, 2]);
    });

    it.each([
      ['behind', -MINUTE],
      ['ahead', MINUTE],
    ])('a task of a sender that is %s lives through its retry', async (_, sender) => {
      const { attempts, Jobs } = jobs(2);
      const app = await start(Jobs, { clock: wrongBy(sender), consume: false });
      const consumer = await start(Jobs);
      const completed = consumer.once('task:completed');
      await app.client.of(Jobs).run({}, { expiresIn: '30s' });
      await bounded('completion', completed);
      expect(attempts).toEqual([1, 2]);
    });

    it('a delayed task that expired while no worker ran does not run', async () => {
      const { queue, attempts, Jobs } = jobs();
      const app = await start(Jobs);
      const later = jobs();
      const other = await start(later.Jobs);
      await app.pause();
      const isLater = other.once('task:completed');
      await app.client.of(Jobs).run({}, { delay: '125ms', expiresIn: '1s' });
      await other.client.of(later.Jobs).run({}, { delay: '3s' });
      await bounded('three seconds', isLater);
      const dead = app.once('task:dead-lettered');
      await app.resume();
      expect(await bounded('its end', dead)).toMatchObject({ queue, reason: 'expired', attempt: 1 });
      expect(attempts).toEqual([]);
      expect(await app.deadLetters.count(queue)).toBe(1);
    });

    it.each([
      ['ahead', HOUR],
      ['behind', -HOUR],
    ])('maxElapsed does not end a task at a worker that is an hour %s', async (_, aheadMs) => {
      const { attempts, Jobs } = jobs(3, { maxElapsed: '10m', maxAttempts: 5 });
      const right = await start(Jobs);
      const retried = right.once('task:retried');
      await right.client.of(Jobs).run({});
      await bounded('the first attempt', retried);
      await right.pause();
      const { seen } = await watch(Jobs, { clock: wrongBy(aheadMs) });
      await eventually(
        'its end',
        () => seen.filter(({ kind }) => kind !== 'task:retried'),
        (ends) => ends.length > 0,
      );
      expect(seen).toEqual([
        { kind: 'task:retried', attempt: 2 },
        { kind: 'task:completed', attempt: 3 },
      ]);
      expect(attempts).toEqual([1, 2, 3]);
    });

    it('maxElapsed ends a task whose time is up by the clock of the broker', async () => {
      const { queue, attempts, Jobs } = jobs(100, { maxElapsed: '5s', maxAttempts: 100 });
      const app = await start(Jobs, { clock: wrongBy(HOUR) });
      const dead = app.once('task:dead-lettered');
      await app.client.of(Jobs).run({});
      expect(await bounded('its end', dead, 20_000)).toMatchObject({ queue, reason: 'exhausted' });
      expect(attempts.length).toBeLessThanOrEqual(9);
    });

    it('a worker an hour ahead keeps a task that it does not know', async () => {
      const { attempts, Jobs, Others } = jobs();
      const options = { keepUnknownTasks: '10m' } as const;
      const right = await start(Others, options);
      const first = right.once('task:retried');
      const sender = await start(Jobs, { consume: false });
      await sender.client.of(Jobs).run({});
      await bounded('a look at it', first);
      await right.pause();
      const wrong = await watch(Others, { ...options, clock: wrongBy(HOUR) });
      await eventually(
        'another look',
        () => wrong.seen,
        (seen) => seen.length > 0,
      );
      expect(wrong.seen[0]).toEqual({ kind: 'task:retried', attempt: 1 });
      await wrong.app.pause();
      await start(Jobs, options);
      await eventually(
        'its run',
        () => attempts,
        (all) => all.length > 0,
      );
      expect(attempts).toEqual([1]);
    });

    it.each([
      ['a worker ahead of a sender', MINUTE, 0, 'worker-sender', { expiresIn: '30s' }, 55_000],
      ['a sender ahead of the broker', 0, MINUTE, 'sender-broker', { delay: '125ms' }, 55_000],
    ] as const)('%s is an event', async (_, worker, sender, clocks, options, leastMs) => {
      const { Jobs } = jobs();
      const consumer = await start(Jobs, { clock: wrongBy(worker) });
      const seen: { readonly clocks: string; readonly aheadMs: number }[] = [];
      consumer.on('clock:skewed', (event) => seen.push(event));
      const app = await start(Jobs, { clock: wrongBy(sender), consume: false });
      await app.client.of(Jobs).run({}, options);
      await eventually(
        'the event',
        () => seen,
        (events) => events.length > 0,
      );
      expect(seen.map((event) => event.clocks)).toEqual([clocks]);
      expect(seen[0]?.aheadMs).toBeGreaterThan(leastMs);
      expect(seen[0]?.aheadMs).toBeLessThan(leastMs + 15_000);
    });
  });
}

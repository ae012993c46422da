import fc from 'fast-check';
import { createTaskApp, defineTask, fixed, RetryTask, SnoozeTask, Task, type TaskApp, TaskQueue } from '../../../src';
import { ManualClock } from '../../../src/time/manual-clock';
import { uniqueName } from '../../support/apps';

const YEAR_MS = 365 * 86_400_000;

let next: () => void = () => undefined;
const work = defineTask('waits.work', { queue: 'waits', payload: 'none' });

/** Fails as a test says once, with the backoff of its queue, and completes at the second attempt. */
const appWith = async (backoffMs: number): Promise<{ readonly app: TaskApp; readonly clock: ManualClock }> => {
  @TaskQueue('waits', { backoff: fixed(backoffMs), maxAttempts: 3 })
  class Waits {
    @Task(work)
    work(): void {
      const act = next;
      next = () => undefined;
      act();
    }
  }
  const clock = new ManualClock();
  const url = `memory:${uniqueName('waits')}`;
  const app = await createTaskApp({ url, tasks: [Waits], clock, logger: false, handleSignals: false });
  await app.start();
  return { app, clock };
};

/** How long the last run waited in its queue, which is idle, as the events say. */
const lastWait = async (backoffMs: number, delay = 0): Promise<number | undefined> => {
  const { app, clock } = await appWith(backoffMs);
  const completed = app.once('task:completed');
  let waited: number | undefined;
  app.on('task:started', ({ waitedMs }) => {
    waited = waitedMs;
  });
  // What waits stands on the ladder before the clock moves.
  const isWaiting = delay > 0 ? undefined : Promise.race([app.once('task:retried'), app.once('task:snoozed')]);
  await app.client.enqueue(work, undefined, { delay });
  await isWaiting;
  await clock.advance(9 * YEAR_MS);
  await completed;
  await app.stop();
  return waited;
};

// The ladder waits in units of 125 ms, and rounds what is no user's own delay.
const delays = fc.integer({ min: 1, max: 7 * YEAR_MS });
const RUNS = { numRuns: 8 };

it('a retry on an idle queue has not waited, though its delay was rounded up', async () => {
  next = () => {
    throw new Error('once');
  };
  expect(await lastWait(3_600_000)).toBe(0);
});

it.each<[string, (ms: number) => void]>([
  [
    'a retry by the policy',
    () => {
      throw new Error('once');
    },
  ],
  [
    'a retry at a time of its own',
    (ms) => {
      throw new RetryTask({ after: ms });
    },
  ],
  [
    'a snooze',
    (ms) => {
      throw new SnoozeTask(ms);
    },
  ],
])('%s has not waited on an idle queue, whatever its delay', async (_, fail) => {
  await fc.assert(
    fc.asyncProperty(delays, async (ms) => {
      next = () => fail(ms);
      expect(await lastWait(ms)).toBe(0);
    }),
    RUNS,
  );
});

it('a delayed task has not waited on an idle queue, whatever its delay', async () => {
  await fc.assert(
    fc.asyncProperty(delays, async (ms) => {
      expect(await lastWait(1_000, ms)).toBe(0);
    }),
    RUNS,
  );
});

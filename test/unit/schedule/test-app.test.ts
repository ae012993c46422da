import { SnoozeTask, Task, type TaskContext, TaskQueue } from '../../../src';
import type { ScheduleOption } from '../../../src/recurrence/schedule-options';
import { createTestApp, type TestApp } from '../../../src/testing';

const apps: TestApp[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
});

/** An app with one scheduled task, and the ids of its runs. */
async function scheduled(
  schedule: ScheduleOption | readonly ScheduleOption[],
  work: (payload: unknown, task: TaskContext) => Promise<void> = async () => undefined,
) {
  const ran: string[] = [];
  @TaskQueue('reports')
  class Reports {
    @Task({ schedule, payload: 'unchecked', maxAttempts: 2, timeout: '1h' })
    async build(payload: unknown, task: TaskContext): Promise<void> {
      ran.push(task.id);
      await work(payload, task);
    }
  }
  const app = await createTestApp({ tasks: [Reports] });
  apps.push(app);
  return { app, ran };
}

const id = (iso: string, name = 'reports.build'): string => `${name}@${iso}`;

it('runs a task at each tick, with the id of that tick', async () => {
  const { app, ran } = await scheduled('0 3 * * *');
  await app.advance('3d');
  expect(ran).toEqual([id('2026-01-01T03:00:00.000Z'), id('2026-01-02T03:00:00.000Z'), id('2026-01-03T03:00:00.000Z')]);
});

it('counts time zones and intervals', async () => {
  const { app, ran } = await scheduled([
    { name: 'tokyo', cron: '30 9 * * *', timeZone: 'Asia/Tokyo', payload: { a: 1 } },
    { name: 'half', every: '12h', startAt: '2026-01-01T06:00:00Z' },
  ]);
  await app.advance('1d');
  expect(ran).toEqual([
    id('2026-01-01T00:30:00.000Z', 'tokyo'),
    id('2026-01-01T06:00:00.000Z', 'half'),
    id('2026-01-01T18:00:00.000Z', 'half'),
  ]);
});

it('lists, pauses, resumes and triggers while time stands still', async () => {
  const { app, ran } = await scheduled({ every: '1h', payload: 'x' });
  const { schedules } = app.app;
  expect(await schedules.list()).toMatchObject([
    {
      name: 'reports.build',
      task: 'reports.build',
      queue: 'reports',
      rule: 'every 1h',
      origin: 'code',
      state: 'active',
      lastTick: undefined,
      nextTick: new Date('2026-01-01T01:00:00Z'),
    },
  ]);
  await app.advance('1h');
  await schedules.pause('reports.build');
  await app.advance('3h');
  expect(ran).toEqual([id('2026-01-01T01:00:00.000Z')]);
  expect(await schedules.list()).toMatchObject([
    { state: 'paused', lastTick: new Date('2026-01-01T01:00:00Z'), nextTick: undefined },
  ]);
  await schedules.resume('reports.build');
  const task = await schedules.trigger('reports.build');
  expect(task).toMatchObject({ task: 'reports.build', queue: 'reports' });
  await app.advance('1h');
  expect(ran.slice(1)).toEqual([task.id, id('2026-01-01T05:00:00.000Z')]);
});

it('leaves ticks out while the last run has not ended, its retries included', async () => {
  let failures = 1;
  const { app, ran } = await scheduled({ every: '1h', overlap: 'skip' }, async (_payload, task) => {
    if (task.attempt === 1 && failures-- > 0) throw new SnoozeTask('150m');
  });
  const skipped: number[] = [];
  app.app.on('schedule:skipped', ({ from }) => skipped.push(from));
  await app.advance('5h');
  expect(ran).toEqual([
    id('2026-01-01T01:00:00.000Z'),
    id('2026-01-01T01:00:00.000Z'),
    id('2026-01-01T04:00:00.000Z'),
    id('2026-01-01T05:00:00.000Z'),
  ]);
  expect(skipped).toEqual([Date.UTC(2026, 0, 1, 2), Date.UTC(2026, 0, 1, 3)]);
});

it('spreads runs, each by the same part of the jitter', async () => {
  const times = async (): Promise<readonly number[]> => {
    const at: number[] = [];
    const { app } = await scheduled({ every: '1h', jitter: '10m' }, async () => {
      at.push(app.clock.now() % 3_600_000);
    });
    await app.advance('10h');
    return at;
  };
  const first = await times();
  expect(first.every((offset) => offset < 600_200)).toBe(true);
  expect(new Set(first).size).toBeGreaterThan(5);
  expect(await times()).toEqual(first);
});

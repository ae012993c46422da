import { Task, type TaskContext, TaskQueue } from '../../../src';
import { createTestApp } from '../../../src/testing';

it('a year under the test clock has every tick once, changes of the clocks included', async () => {
  const ran: string[] = [];
  @TaskQueue('reports')
  class Reports {
    @Task({
      payload: 'none',
      schedule: [
        { name: 'daily', cron: '30 2 * * *', timeZone: 'Europe/Berlin' },
        { name: 'often', cron: '0 */6 * * *', timeZone: 'America/New_York' },
        { name: 'month-end', cron: '0 0 L * *' },
        { name: 'every', every: '7h' },
      ],
    })
    async build(_payload: undefined, task: TaskContext): Promise<void> {
      ran.push(task.id);
    }
  }
  const app = await createTestApp({ tasks: [Reports], startAt: new Date('2026-01-01T00:00:00Z') });
  await app.advance('365d');
  await app.stop();
  const count = (name: string): number => ran.filter((id) => id.startsWith(`${name}@`)).length;
  expect(new Set(ran).size).toBe(ran.length);
  // Every six hours by the clocks of New York: the days that have 23 and 25 hours have four, too.
  expect([count('daily'), count('month-end'), count('often')]).toEqual([365, 12, 365 * 4]);
  // From 1970 on, so the first is not at the year's beginning.
  expect(count('every')).toBe(
    Math.floor(Date.UTC(2027, 0, 1) / 25_200_000) - Math.floor(Date.UTC(2026, 0, 1) / 25_200_000),
  );
  expect(ran.filter((id) => /^daily@2026-(03-29|10-25)/.test(id))).toEqual([
    'daily@2026-03-29T01:00:00.000Z',
    'daily@2026-10-25T00:30:00.000Z',
  ]);
}, 300_000);

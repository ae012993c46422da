import { Task, TaskQueue } from '../../../src';
import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import type { ScheduleOption } from '../../../src/recurrence/schedule-options';
import { problemsOf } from './problems-of';

function scheduled(schedule: ScheduleOption | readonly ScheduleOption[], options: object = {}) {
  @TaskQueue('reports')
  class Reports {
    @Task({ ...options, schedule })
    async nightly(): Promise<void> {}
  }
  return Reports;
}

const schedulesOf = (...args: Parameters<typeof scheduled>) =>
  resolveDefinitions([scheduled(...args)]).tasks[0]?.schedules;
const problems = (...args: Parameters<typeof scheduled>) => problemsOf([scheduled(...args)]);

describe('a schedule', () => {
  it('is an expression in UTC, named after its task', () => {
    expect(schedulesOf('0 3 * * *')).toEqual([
      {
        name: 'reports.nightly',
        payload: undefined,
        rule: { kind: 'cron', cron: '0 3 * * *', timeZone: 'UTC' },
        startAt: undefined,
        endAt: undefined,
        catchUp: 'last',
        catchUpLimit: 1_000,
        jitterMs: 0,
        overlap: 'allow',
        overlapTimeoutMs: 9_511_000,
      },
    ]);
  });

  it('takes everything that can be said about it', () => {
    expect(
      schedulesOf({
        name: 'report',
        every: '5m',
        startAt: '2026-01-01T00:00:00Z',
        endAt: new Date('2027-01-01T00:00:00Z'),
        payload: { a: 1 },
        catchUp: 'all',
        catchUpLimit: 5,
        jitter: '10s',
        overlap: 'skip',
        overlapTimeout: '1h',
      }),
    ).toEqual([
      {
        name: 'report',
        payload: { a: 1 },
        rule: { kind: 'every', everyMs: 300_000 },
        startAt: Date.UTC(2026, 0, 1),
        endAt: Date.UTC(2027, 0, 1),
        catchUp: 'all',
        catchUpLimit: 5,
        jitterMs: 10_000,
        overlap: 'skip',
        overlapTimeoutMs: 3_600_000,
      },
    ]);
  });

  it('rounds fractions of a millisecond where they are declared', () => {
    expect(
      schedulesOf({ every: 100_000 / 3, jitter: 5000 / 3, overlap: 'skip', overlapTimeout: 10_000 / 3 }),
    ).toMatchObject([{ rule: { everyMs: 33_333 }, jitterMs: 1_667, overlapTimeoutMs: 3_333 }]);
  });

  it('may be one of several, each with its name', () => {
    expect(
      schedulesOf([
        { cron: '@daily', name: 'a' },
        { every: 1_000, name: 'b' },
      ])?.map(({ name }) => name),
    ).toEqual(['a', 'b']);
  });

  it('waits as long for the end of a run as all its attempts can take', () => {
    const limits = {
      maxAttempts: 3,
      timeout: '1m',
      backoff: { kind: 'fixed', delayMs: 10_000, maxMs: 10_000, jitter: 'full' },
    };
    expect(schedulesOf('@daily', limits)?.[0]?.overlapTimeoutMs).toBe(3 * 60_000 + 2 * 10_000);
  });

  it('is none without the option', () => {
    @TaskQueue('reports')
    class Plain {
      @Task() async build(): Promise<void> {}
    }
    expect(resolveDefinitions([Plain]).tasks[0]?.schedules).toEqual([]);
  });
});

describe('refuses', () => {
  it.each<[string, ScheduleOption | readonly ScheduleOption[], string]>([
    [
      'a start after all ticks',
      { cron: '0 3 * * *', startAt: new Date(8.64e15) },
      'schedule.startAt must be a Date, milliseconds since 1970 or an ISO 8601 text, before the year 10000',
    ],
    [
      'a start without a tick',
      { cron: '0 3 * * *', startAt: '9999-12-31T23:00:00Z' },
      'schedule.startAt leaves no run before the year 10000',
    ],
    ['no date', { cron: '0 3 * * *', startAt: new Date(Number.NaN) }, 'schedule.startAt must be a Date'],
    ['no date at the end', { cron: '0 3 * * *', endAt: new Date(Number.NaN) }, 'schedule.endAt must be a Date'],
    [
      'an end before all ticks',
      { cron: '0 3 * * *', endAt: new Date(-8.64e15) },
      'schedule.endAt comes before the first run',
    ],
    ['31 February', '0 0 31 2 *', 'schedule.cron must be an expression that happens at all'],
    ['four fields', '* * * *', 'schedule.cron must be a cron expression of five fields'],
    ['years', '0 0 0 1 1 * 2027', 'schedule.cron must be a cron expression of five fields'],
    ['an instant', '2027-01-01T00:00:00', 'schedule.cron must be a cron expression of five fields'],
    ['a minute 61', '61 * * * *', 'Invalid value for minute: 61'],
    [
      'an unknown zone',
      { cron: '@daily', timeZone: 'Mars/Olympus' },
      'an IANA time zone such as "Europe/Berlin", got "Mars/Olympus"',
    ],
    ['less than a second', { every: '999ms' }, 'schedule.every must be a duration'],
    ['both rules', { cron: '@daily', every: '1h' }, 'give exactly one of them'],
    ['no rule', { name: 'x' }, 'give exactly one of them'],
    ['a zone for intervals', { every: '1h', timeZone: 'UTC' }, 'intervals are the same in all time zones'],
    ['a start that is no instant', { every: '1h', startAt: 'tomorrow' }, 'schedule.startAt must be a Date'],
    [
      'an end before the first run',
      { every: '1h', startAt: 0, endAt: -1 },
      'schedule.endAt comes before the first run',
    ],
    [
      'unknown options',
      { every: '1h', timezone: 'UTC' } as ScheduleOption,
      'unknown option "schedule.timezone": did you mean "timeZone"?',
    ],
    ['several without names', ['@daily', '@hourly'], 'schedule[0].name is needed'],
    [
      'two of one name',
      [
        { cron: '@daily', name: 'a' },
        { every: '1h', name: 'a' },
      ],
      'the schedule name "a" is taken by',
    ],
    ['names with spaces', { cron: '@daily', name: 'every day' }, 'schedule.name must not contain spaces'],
    ['what is no schedule', 5 as unknown as ScheduleOption, 'schedule must be an object, got 5'],
    ['overlap by another word', { cron: '@daily', overlap: 'queue' as 'skip' }, "one of 'allow', 'skip'"],
  ])('%s', (_what, schedule, problem) => {
    expect(problems(schedule).join('\n')).toContain(problem);
  });

  it('everything at once, with other mistakes', () => {
    expect(problems([{ cron: 'x', name: 'a' }, { every: 1 }], { maxAttempts: 0 })).toHaveLength(4);
  });
});

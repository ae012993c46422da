import { randomUUID } from 'node:crypto';
import {
  defineTask,
  type ScheduleInfo,
  Task,
  type TaskApp,
  type TaskAppOptions,
  type TaskContext,
  TaskQueue,
} from '../../../src';
import { OptionReader } from '../../../src/options/option-reader';
import { parseScheduleSettings } from '../../../src/recurrence/parse-schedule';
import type { ScheduleOption } from '../../../src/recurrence/schedule-options';
import { scheduleMessage } from '../../../src/schedule/state/message-json';
import { storedSchedule } from '../../../src/schedule/state/schedule-json';
import type { ClassType } from '../../../src/task/class-type';
import type { ScheduleSettings } from '../../../src/task/schedule';
import { startApp, stopApps } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';

/** A virtual host of the suite's own: all its schedules share two queues. */
export interface ScheduleHost {
  readonly url: string;
  /** Deletes a queue, as an operator may. */
  deleteQueue(name: string): Promise<void>;
  dispose(): Promise<void>;
}

interface Run {
  readonly id: string;
  readonly payload: unknown;
}

/** What schedules promise, on whatever broker the factory makes. */
export function describeSchedules(name: string, factory: () => Promise<ScheduleHost>): void {
  describe(`schedules on ${name}`, () => {
    let host: ScheduleHost;
    let names = 0;
    const runs: Run[] = [];

    beforeEach(async () => {
      host = await factory();
      runs.length = 0;
      names++;
    }, 60_000);
    afterEach(async () => {
      await stopApps();
      await host.dispose();
    }, 60_000);

    const worker = (
      schedule?: ScheduleOption | readonly ScheduleOption[],
      work?: (task: TaskContext) => Promise<void>,
    ) => {
      @TaskQueue(`reports-${names}`)
      class Reports {
        @Task({ name: `build-${names}`, payload: 'unchecked', ...(schedule === undefined ? {} : { schedule }) })
        async build(payload: unknown, task: TaskContext): Promise<void> {
          runs.push({ id: task.id, payload });
          await work?.(task);
        }
      }
      return Reports as ClassType;
    };
    const contract = () => defineTask<unknown>(`build-${names}`, { queue: `reports-${names}`, payload: 'unchecked' });
    const start = (type: ClassType | undefined, options: TaskAppOptions = {}): Promise<TaskApp> =>
      startApp({ url: host.url, heartbeat: '2s', ...(type === undefined ? {} : { tasks: [type] }), ...options });
    const ticksOf = (schedule: string): readonly string[] =>
      runs.map(({ id }) => id).filter((id) => id.startsWith(`${schedule}@`) && !id.includes('!'));
    const listed = async (app: TaskApp): Promise<readonly ScheduleInfo[]> => app.schedules.list();
    const known = (app: TaskApp, names: readonly string[]): Promise<unknown> =>
      eventually(
        `the schedules ${names.join()}`,
        async () => (await listed(app)).map((schedule) => schedule.name),
        (found) => found.join() === names.join(),
      );
    const ticks = (schedule: string, count: number): Promise<unknown> =>
      eventually(
        `${count} ticks of ${schedule}`,
        () => new Set(ticksOf(schedule)).size,
        (size) => size >= count,
        30_000,
      );

    /** Every tick once, and none in between missing. */
    const expectSeconds = (schedule: string): void => {
      const times = ticksOf(schedule).map((id) => Date.parse(id.slice(id.indexOf('@') + 1)));
      expect(times.map((time) => time % 1_000)).toEqual(times.map(() => 0));
      const sorted = [...times].sort((a, b) => a - b);
      expect(sorted.slice(1).map((time, index) => time - (sorted[index] ?? 0))).toEqual(
        sorted.slice(1).map(() => 1_000),
      );
    };

    it('tick each second, once, with the payload and an id that tells the tick', async () => {
      const app = await start(worker({ name: 'each', every: '1s', payload: { a: 1 } }));
      await ticks('each', 3);
      expectSeconds('each');
      expect(runs[0]?.payload).toEqual({ a: 1 });
      const [info] = await listed(app);
      expect(info).toMatchObject({ name: 'each', origin: 'code', state: 'active', task: `build-${names}` });
      expect(info?.lastTick).toBeInstanceOf(Date);
      expect(info?.nextTick?.getTime()).toBeGreaterThan(info?.lastTick?.getTime() ?? 0);
    });

    it('of ten workers that start at once tick once', async () => {
      const type = worker({ name: 'ten', every: '1s' });
      let leaders = 0;
      const apps = await Promise.all(Array.from({ length: 10 }, () => start(type)));
      for (const app of apps) app.on('schedules:leading', ({ leading }) => leading && leaders++);
      await ticks('ten', 3);
      expectSeconds('ten');
      expect(leaders).toBeLessThanOrEqual(1);
    });

    it('go on with another worker when the leader stops, without a gap', async () => {
      const type = worker({ name: 'handed', every: '1s' });
      const first = await start(type);
      await start(type);
      await start(type);
      await ticks('handed', 2);
      await first.stop();
      await ticks('handed', 5);
      expectSeconds('handed');
    });

    it('remember where they were while no worker is there, and catch up as they say', async () => {
      const types = [
        { name: 'all', every: '1s', catchUp: 'all' },
        { name: 'late', every: '1s', catchUp: 'skip' },
      ] as const;
      const first = await start(worker(types));
      await ticks('all', 2);
      await first.stop();
      const stoppedAt = Date.now();
      await eventually(
        'some seconds to pass',
        () => Date.now() - stoppedAt,
        (passed) => passed > 2_500,
      );
      await start(worker(types));
      await ticks('all', 6);
      expectSeconds('all');
      // So short a time is no time missed.
      expectSeconds('late');
    });

    it('are added, replaced, paused, resumed, triggered and removed from a process that makes no ticks', async () => {
      await start(worker(), { schedules: true });
      const web = await start(undefined);
      await web.schedules.add('later', contract(), {
        cron: '0 0 1 1 *',
        timeZone: 'Asia/Kolkata',
        payload: 'new year',
      });
      expect(await listed(web)).toMatchObject([
        { name: 'later', origin: 'run-time', rule: '0 0 1 1 * (Asia/Kolkata)', state: 'active', lastTick: undefined },
      ]);
      await expect(web.schedules.add('later', contract(), { every: '1h' })).rejects.toMatchObject({
        code: 'SCHEDULE_REFUSED',
        reason: 'exists',
      });
      const triggered = await web.schedules.trigger('later');
      await eventually(
        'the triggered run',
        () => runs,
        (seen) => seen.some(({ id, payload }) => id === triggered.id && payload === 'new year'),
      );
      await web.schedules.replace('later', contract(), { every: '1s', payload: 'now' });
      await ticks('later', 2);
      await web.schedules.pause('later');
      const paused = ticksOf('later').length;
      expect(await listed(web)).toMatchObject([{ state: 'paused', rule: 'every 1s', nextTick: undefined }]);
      await web.schedules.resume('later');
      await ticks('later', paused + 1);
      await web.schedules.remove('later');
      expect(await listed(web)).toEqual([]);
      await expect(web.schedules.pause('later')).rejects.toMatchObject({ code: 'SCHEDULE_REFUSED', reason: 'unknown' });
    });

    it('that were added outlive every process', async () => {
      const first = await start(worker(), { schedules: true });
      await first.schedules.add('kept', contract(), { every: '1s' });
      await first.stop();
      const looking = await start(undefined);
      expect(await listed(looking)).toMatchObject([{ name: 'kept' }]);
      await start(worker(), { schedules: true });
      await ticks('kept', 2);
    });

    it('refuse what is wrong, and tell what nobody has answered', async () => {
      const app = await start(undefined);
      await expect(app.schedules.add('x', contract(), { every: '1s' })).rejects.toMatchObject({
        code: 'QUEUE_MISSING',
      });
      expect(await listed(app)).toEqual([]);
      const first = await start(worker(), { schedules: true });
      await expect(
        app.schedules.add('31 February', contract(), { cron: '0 0 31 2 *', timeZone: 'Nowhere' }),
      ).rejects.toMatchObject({
        code: 'INVALID_SCHEDULE',
        problems: [expect.any(String), expect.any(String), expect.any(String)],
      });
      await first.stop();
      const hasty = await start(undefined, { publishTimeout: '1s' });
      await expect(hasty.schedules.add('stored', contract(), { every: '1s' })).rejects.toMatchObject({
        code: 'SCHEDULE_UNANSWERED',
      });
      await start(worker(), { schedules: true });
      await ticks('stored', 1);
    });

    it('of two versions: the new one counts, what it removes goes with the last old worker', async () => {
      const old = worker([
        { name: 'gone', every: '1s' },
        { name: 'stays', every: '1s', payload: 'old' },
      ]);
      const oldOnes = [await start(old), await start(old)];
      await ticks('stays', 2);
      const replaced = worker([
        { name: 'fresh', every: '1s' },
        { name: 'stays', every: '1s', payload: 'new' },
      ]);
      const newOne = await start(replaced);
      await start(replaced);
      await known(newOne, ['fresh', 'gone', 'stays']);
      for (const app of oldOnes) await app.stop();
      await known(newOne, ['fresh', 'stays']);
      const before = ticksOf('stays').length;
      await ticks('stays', before + 2);
      expectSeconds('stays');
      expect(runs.filter(({ id }) => id.startsWith('stays@')).at(-1)?.payload).toBe('new');
    });

    it('that are no longer in code go, though no worker has schedules any more', async () => {
      const old = await start(worker({ name: 'only', every: '1s' }));
      // Others of the virtual host go on.
      const other = await start(undefined, { schedules: true });
      await ticks('only', 1);
      await start(worker());
      await old.stop();
      await known(other, []);
    });

    it('leave a tick out while the last run goes on, with overlap: "skip"', async () => {
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const type = worker({ name: 'slow', every: '1s', overlap: 'skip' }, () => held);
      const app = await start(type);
      const skipped = bounded(
        'two ticks left out',
        (async () => {
          await app.once('schedule:skipped', ({ reason }) => reason === 'overlap');
          await app.once('schedule:skipped', ({ reason }) => reason === 'overlap');
        })(),
      );
      await skipped;
      expect(runs).toHaveLength(1);
      expect(await listed(app)).toMatchObject([{ running: runs[0]?.id }]);
      release();
      await ticks('slow', 3);
    });

    it('come back when their queue was deleted, with all that was known', async () => {
      const app = await start(worker({ name: 'coded', every: '1s' }));
      await app.schedules.add('added', contract(), { every: '1s' });
      await ticks('added', 1);
      await host.deleteQueue('warren.schedules');
      const before = ticksOf('added').length;
      await ticks('added', before + 2);
      await known(app, ['added', 'coded']);
      expectSeconds('added');
    }, 60_000);

    it('whose queue is missing are told, hold up no other, and run once it is there', async () => {
      const app = await start(worker({ name: 'well', every: '1s' }));
      const failed = bounded(
        'the failure',
        app.once('schedule:failed', ({ schedule }) => schedule === 'lost'),
      );
      const elsewhere = defineTask<unknown>(`elsewhere-${names}`, {
        queue: `elsewhere-${names}`,
        payload: 'unchecked',
      });
      await app.schedules.add('lost', elsewhere, { every: '1s' });
      expect(await failed).toMatchObject({ task: `elsewhere-${names}`, error: { code: 'UNROUTABLE' } });
      await expect(app.schedules.trigger('lost')).rejects.toMatchObject({ reason: 'not-enqueued' });
      const before = ticksOf('well').length;
      await ticks('well', before + 2);
      @TaskQueue(`elsewhere-${names}`)
      class Elsewhere {
        @Task(elsewhere)
        async run(payload: unknown, task: TaskContext): Promise<void> {
          runs.push({ id: task.id, payload });
        }
      }
      await start(Elsewhere);
      await ticks('lost', 3);
      // It rested for a few seconds each time, and has made up for them.
      expectSeconds('lost');
      expectSeconds('well');
    });

    it('take over any number of changes that were stored while no worker ran', async () => {
      const app = await start(undefined, { schedules: true, consume: false });
      await app.stop();
      const sender = await start(undefined);
      const names = Array.from({ length: 600 }, (_, index) => `stored-${String(index).padStart(3, '0')}`);
      for (const name of names) {
        const schedule = storedSchedule({
          ...parsed({ every: '1h' }),
          name,
          task: 'build',
          queue: 'reports',
          contentType: 'application/json',
          body: 'null',
        });
        const command = { kind: 'add', id: name, schedule } as const;
        await sender.broker.publisher.publish(scheduleMessage({ kind: 'command', command }));
      }
      const each = worker({ name: 'each', every: '1s' });
      await start(each);
      await start(each);
      await ticks('each', 2);
      await known(sender, ['each', ...names]);
    }, 60_000);

    it('go on when somebody writes states of its own making, with this leader and the next', async () => {
      const type = worker({ name: 'each', every: '1s' });
      const first = await start(type);
      await first.schedules.add('added', contract(), { every: '1h' });
      const forge = async (): Promise<void> => {
        for (const fence of [2 ** 53 - 1, 2 ** 31, 2, 1]) {
          const body = { format: 1, fence, seq: 1, entries: [], releases: [], workers: [], answers: [] };
          await first.broker.publisher.publish({
            exchange: '',
            routingKey: 'warren.schedules',
            body: Buffer.from(JSON.stringify(body)),
            properties: {
              type: 'warren.schedules.state',
              headers: { 'warren-fence': fence, 'warren-seq': 1, 'warren-leader': 'x' },
            },
          });
        }
      };
      await forge();
      const before = new Set(ticksOf('each')).size;
      await ticks('each', before + 2);
      await forge();
      await first.stop();
      const second = await start(type);
      await ticks('each', before + 4);
      await known(second, ['added', 'each']);
      expectSeconds('each');
    }, 60_000);

    it('cost nothing where there are none', async () => {
      const app = await start(worker());
      expect(app.topology.queues.some(({ name: queue }) => queue.startsWith('warren.schedules'))).toBe(false);
      expect(await app.broker.queueState('warren.schedules')).toBeUndefined();
    });
  });
}

function parsed(options: object): ScheduleSettings {
  const settings = parseScheduleSettings(new OptionReader(options, 'test', []));
  if (settings === undefined) throw new Error('no schedule');
  return settings;
}

export const hostName = (): string => `schedules-${randomUUID().slice(0, 8)}`;

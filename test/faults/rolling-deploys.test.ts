import { Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import {
  type ClassType,
  createTaskApp,
  defineTask,
  fixed,
  Task,
  type TaskApp,
  type TaskAppOptions,
  type TaskContext,
  TaskQueue,
  type TaskQueueOptions,
  TopologyConflictError,
} from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';

/** One run of a handler. */
interface Run {
  readonly version: string;
  readonly task: string;
  readonly id: string;
  readonly attempt: number;
  readonly failures: number;
  readonly payload: unknown;
}

const SENT = 20;
/** Every look may be at the wrong version: what is unlucky needs a dozen. */
const TIMEOUT_MS = 60_000;

describe.each(sharedBrokers().map(({ version, url }) => [version, url] as const))(
  'two versions of a worker on one queue of RabbitMQ %s',
  (_, url) => {
    let queue: string;
    let runs: Run[];
    beforeEach(() => {
      queue = uniqueName('rolling');
      runs = [];
    });
    afterEach(stopApps);

    const note = (version: string, payload: unknown, { name, id, attempt, failures }: TaskContext): void => {
      runs.push({ version, task: name, id, attempt, failures: failures.length, payload });
    };
    const start = (type: ClassType, options: TaskAppOptions = {}, listen?: (app: TaskApp) => void): Promise<TaskApp> =>
      startApp({ url, tasks: [type], ...options }, listen);
    const ran = (task: string): readonly Run[] => runs.filter((run) => run.task === `${queue}.${task}`);
    const allRan = (task: string, times: number): Promise<unknown> =>
      eventually(
        `${times} runs of ${task}`,
        () => ran(task).length,
        (count) => count >= times,
        TIMEOUT_MS,
      );
    const task = (name: string) => defineTask(`${queue}.${name}`, { queue, payload: 'unchecked' });
    const send = (app: TaskApp, name: string, times = SENT) =>
      Promise.all(Array.from({ length: times }, (_value, index) => app.client.enqueue(task(name), { index })));

    /** A version that knows some tasks, all of which may be attempted once only. */
    function version(name: string, tasks: readonly string[], options: TaskQueueOptions = {}): ClassType {
      class Version {}
      for (const each of tasks) {
        Object.defineProperty(Version.prototype, each, {
          value: (payload: unknown, context: TaskContext) => note(name, payload, context),
        });
        const descriptor = Object.getOwnPropertyDescriptor(Version.prototype, each) as PropertyDescriptor;
        Task({ payload: 'unchecked', maxAttempts: 1 })(Version.prototype, each, descriptor);
      }
      TaskQueue(queue, options)(Version);
      return Version;
    }

    async function expectNothingDead(app: TaskApp): Promise<void> {
      expect(await app.deadLetters.list(queue)).toEqual([]);
    }

    it('does every task, each in the version that knows it, whichever meets it first, and no attempt is lost', async () => {
      const old = await start(version('old', ['charge', 'removed']));
      await start(version('new', ['charge', 'added']));
      await Promise.all([send(old, 'charge'), send(old, 'removed'), send(old, 'added')]);
      await Promise.all([allRan('charge', SENT), allRan('removed', SENT), allRan('added', SENT)]);
      expect(ran('added').every((run) => run.version === 'new')).toBe(true);
      expect(ran('removed').every((run) => run.version === 'old')).toBe(true);
      // A single attempt was allowed: meeting the wrong version is none, and no failure.
      expect(runs.filter(({ attempt, failures }) => attempt !== 1 || failures !== 0)).toEqual([]);
      expect(new Set(runs.map(({ id }) => id)).size).toBe(3 * SENT);
      await expectNothingDead(old);
    }, 90_000);

    it('keeps what no worker knows yet, from before the first new one until after the last old one', async () => {
      const old = await start(version('old', ['charge']));
      const met = new Map<string, number>();
      old.on('task:retried', ({ id, attempt, nextAttempt }) => {
        expect([attempt, nextAttempt]).toEqual([1, 1]);
        met.set(id, (met.get(id) ?? 0) + 1);
      });
      await send(old, 'added', 5);
      const sentAt = Date.now();
      await eventually(
        'every one to be met twice',
        () => [...met.values()],
        (times) => times.length === 5 && times.every((count) => count >= 2),
      );
      const keptMs = Date.now() - sentAt;
      const waits: number[] = [];
      const next = await start(version('new', ['charge', 'added']), {}, (app) =>
        app.on('task:started', ({ task: started, waitedMs = 0 }) => {
          if (started === `${queue}.added`) waits.push(waitedMs);
        }),
      );
      await send(next, 'charge');
      await old.stop();
      await allRan('added', 5);
      await allRan('charge', SENT);
      expect(ran('added').map(({ attempt, failures }) => [attempt, failures])).toEqual(Array(5).fill([1, 0]));
      // For a worker that knows them, they have waited since they were sent.
      expect(waits.filter((ms) => ms >= keptMs)).toHaveLength(5);
      await expectNothingDead(next);
    }, 90_000);

    it('dead-letters what nobody knows once its time is up, and a replay does it', async () => {
      const old = await start(version('old', ['charge']), { keepUnknownTasks: '1s' });
      await send(old, 'added', 1);
      await eventually(
        'the letter',
        () => old.deadLetters.count(queue),
        (count) => count === 1,
      );
      const [letter] = await old.deadLetters.list(queue);
      expect(letter).toMatchObject({ reason: 'unknown-task', task: `${queue}.added`, attempt: 1 });
      await old.stop();
      const next = await start(version('new', ['charge', 'added']));
      await next.deadLetters.replay(queue);
      await allRan('added', 1);
      expect(ran('added')).toMatchObject([{ version: 'new', attempt: 1 }]);
    }, 90_000);

    it('takes payloads of either version in either, and a retry loses no field', async () => {
      class OldLine {
        @IsString() product!: string;
      }
      class OldOrder {
        @IsString() id!: string;
        @ValidateNested({ each: true }) @Type(() => OldLine) lines!: OldLine[];
      }
      class NewLine extends OldLine {
        @IsOptional() @IsString() gift?: string;
      }
      class NewOrder {
        @IsString() id!: string;
        @IsOptional() @IsString() coupon?: string;
        @ValidateNested({ each: true }) @Type(() => NewLine) lines!: NewLine[];
      }
      const options = { maxAttempts: 3, backoff: fixed('125ms') };
      let oldFails = true;
      @TaskQueue(queue)
      class Old {
        @Task('orders.place', { ...options, payload: OldOrder })
        place(order: OldOrder, context: TaskContext): void {
          note('old', { ...order, lines: order.lines.map((line) => ({ ...line })) }, context);
          if (oldFails) throw new Error('the old version has a bug');
        }
      }
      @TaskQueue(queue)
      class New {
        @Task('orders.place', { ...options, payload: NewOrder })
        place(order: NewOrder, context: TaskContext): void {
          note('new', { ...order, lines: order.lines.map((line) => ({ ...line })) }, context);
        }
      }
      const full = { id: 'o-1', coupon: 'SPRING', lines: [{ product: 'tea', gift: 'yes' }] };
      const bare = { id: 'o-2', lines: [{ product: 'tea' }] };

      const old = await start(Old);
      const sender = await start(New, { consume: false });
      const failed = old.once('task:retried');
      await sender.client.of(New).place(full);
      expect(await bounded('the failure', failed)).toMatchObject({ attempt: 1 });
      // What it does not know it did not see.
      expect(runs[0]).toMatchObject({ version: 'old', payload: { id: 'o-1', lines: [{ product: 'tea' }] } });
      expect(runs[0]?.payload).not.toHaveProperty('coupon');
      await old.pause();
      const next = await start(New);
      await eventually(
        'the new version to do it',
        () => runs.find((run) => run.version === 'new'),
        (run) => run !== undefined,
      );
      expect(runs.find((run) => run.version === 'new')?.payload).toEqual(full);

      runs = [];
      oldFails = false;
      await old.resume();
      await Promise.all(Array.from({ length: SENT }, () => old.client.of(Old).place(bare)));
      await Promise.all(Array.from({ length: SENT }, () => sender.client.of(New).place(full)));
      await eventually(
        'every order',
        () => runs.length,
        (count) => count >= 2 * SENT,
      );
      expect(new Set(runs.map((run) => run.version))).toEqual(new Set(['old', 'new']));
      expect(runs.filter((run) => run.version === 'new' && run.payload === undefined)).toEqual([]);
      await expectNothingDead(next);
    }, 90_000);

    it.each([
      ['a quorum queue', 'a classic one', { type: 'quorum' }, { type: 'classic' }],
      ['a classic queue', 'one with priorities', { type: 'classic' }, { type: 'classic', maxPriority: 5 }],
    ] as const)(
      'goes on in the version that declared %s, and refuses to start the one that wants %s',
      async (...row) => {
        const [, , oldOptions, newOptions] = row;
        const old = await start(version('old', ['charge'], oldOptions));
        await send(old, 'charge');
        const next = await createTaskApp({
          url,
          tasks: [version('new', ['charge', 'added'], newOptions)],
          logger: false,
          handleSignals: false,
        });
        const refusal: unknown = await bounded(
          'the refusal',
          next.start().then(
            () => undefined,
            (error: unknown) => error,
          ),
        );
        expect(refusal).toBeInstanceOf(TopologyConflictError);
        expect(refusal).toMatchObject({ entity: queue, kind: 'queue' });
        expect(next.health()).toMatchObject({ live: false, ready: false });
        await send(old, 'charge');
        await allRan('charge', 2 * SENT);
        expect(old.health()).toMatchObject({ live: true, ready: true });
        await expectNothingDead(old);
      },
      60_000,
    );

    it('gives what comes by a new binding to the version that has asked for it', async () => {
      const exchange = uniqueName('shop');
      const binding = (routingKey: string) => ({ exchange, type: 'topic' as const, routingKey });
      @TaskQueue(queue, { bindings: [binding('order.paid')] })
      class Old {
        @Task({ payload: 'unchecked', routingKey: 'order.paid' })
        charge(payload: unknown, context: TaskContext): void {
          note('old', payload, context);
        }
      }
      @TaskQueue(queue, { bindings: [binding('order.paid'), binding('order.refunded')], concurrency: 3, maxCrashes: 5 })
      class New {
        @Task({ payload: 'unchecked', routingKey: 'order.paid' })
        charge(payload: unknown, context: TaskContext): void {
          note('new', payload, context);
        }
        @Task({ payload: 'unchecked', routingKey: 'order.refunded', maxAttempts: 1 })
        refund(payload: unknown, context: TaskContext): void {
          note('new', payload, context);
        }
      }
      const old = await start(Old);
      await start(New);
      const publish = (routingKey: string): Promise<void> =>
        old.broker.publisher.publish({ exchange, routingKey, body: Buffer.from('{}'), properties: {} });
      await Promise.all(
        Array.from({ length: SENT }, () => Promise.all([publish('order.paid'), publish('order.refunded')])),
      );
      await Promise.all([allRan('charge', SENT), allRan('refund', SENT)]);
      expect(ran('charge')).toHaveLength(SENT);
      expect(ran('refund').filter((run) => run.version !== 'new' || run.attempt !== 1)).toEqual([]);
      await expectNothingDead(old);
    }, 90_000);
  },
);

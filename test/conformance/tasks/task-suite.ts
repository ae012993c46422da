import { AsyncLocalStorage } from 'node:async_hooks';
import { isDeepStrictEqual } from 'node:util';
import { IsEmail, IsInt, IsString } from 'class-validator';
import {
  type ClassType,
  DiscardTask,
  defineTask,
  FailTask,
  fixed,
  RetryTask,
  SnoozeTask,
  Task,
  type TaskApp,
  type TaskAppOptions,
  type TaskContext,
  TaskQueue,
  type TaskQueueOptions,
} from '../../../src';
import { systemClock } from '../../../src/time/system-clock';
import { route } from '../../../src/topology/ladder';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { bounded, eventually } from '../../support/bounded';

class Greeting {
  @IsEmail() to!: string;
  @IsInt() times!: number;
}

class Order {
  @IsString() sku!: string;
}

/** What an application keeps for the request or the task at hand. */
const context = new AsyncLocalStorage<string>();

type Handler = (payload: Greeting, task: TaskContext) => unknown;

/** A class with one task, on a queue of its own, that does what the test says. */
function greetings(handler: Handler, options: TaskQueueOptions = {}) {
  const queue = uniqueName('greetings');
  @TaskQueue(queue, { backoff: fixed('125ms'), maxAttempts: 3, ...options })
  class Greetings {
    @Task()
    greet(payload: Greeting, task: TaskContext): unknown {
      return handler(payload, task);
    }
  }
  return { queue, type: Greetings, name: `${queue}.greet` };
}

const hello = { to: 'ada@example.com', times: 1 };

/** Everything that a user sees of tasks, on whatever broker the URL names. */
export function describeTasks(brokerName: string, urlOf: () => string): void {
  describe(`tasks on ${brokerName}`, () => {
    afterEach(stopApps);

    const start = (type: ClassType | readonly ClassType[], options: TaskAppOptions = {}): Promise<TaskApp> =>
      startApp({ url: urlOf(), tasks: Array.isArray(type) ? type : [type as ClassType], ...options });

    const deadLetterOf = async (app: TaskApp, queue: string) => {
      await eventually(
        `a dead letter of ${queue}`,
        () => app.deadLetters.count(queue),
        (count) => count === 1,
      );
      const [letter] = await app.deadLetters.list(queue);
      if (letter === undefined) throw new Error('no dead letter');
      return letter;
    };

    describe('the main way', () => {
      it.each([
        ['quorum', { concurrency: 1 }],
        ['classic', { concurrency: 1, type: 'classic', maxPriority: 5 }],
      ] as const)(
        'begins what has a higher priority no later than what has none, in a %s queue',
        async (type, options) => {
          const order: string[] = [];
          const queue = uniqueName('priorities');
          @TaskQueue(queue, options)
          class Ordered {
            @Task({ payload: 'unchecked' })
            note(text: string): void {
              order.push(text);
            }
          }
          const sender = await start(Ordered, { consume: false });
          const sent: readonly (readonly [text: string, priority?: number])[] = [
            ['none'],
            ['zero', 0],
            ['none again'],
            ['one', 1],
            ['four', 4],
            ['five', 5],
          ];
          const contract = defineTask(`${queue}.note`, { queue, payload: 'unchecked', queueType: type });
          for (const [text, priority] of sent.slice(0, 4)) {
            await sender.client.of(Ordered).note(text, priority === undefined ? {} : { priority });
          }
          for (const [text, priority] of sent.slice(4)) {
            await sender.client.enqueue(contract, text, priority === undefined ? {} : { priority });
          }
          await start(Ordered);
          await eventually(
            'all tasks',
            () => order.length,
            (count) => count === sent.length,
          );
          const { product, version } = sender.server;
          const strict = ['five', 'four', 'one', 'none', 'zero', 'none again'];
          // Two of those with a priority go for each one without.
          const two = ['one', 'four', 'none', 'five', 'zero', 'none again'];
          const inQuorumQueue = version.startsWith('3.') ? sent.map(([text]) => text) : two;
          const isStrict = type === 'classic' || product === 'memory' || version.startsWith('4.3.');
          expect(order).toEqual(isStrict ? strict : inQuorumQueue);
        },
      );

      it('runs an enqueued task with an instance of its payload class and acknowledges it', async () => {
        const seen: Greeting[] = [];
        const { type, queue } = greetings((payload) => seen.push(payload));
        const app = await start(type);
        const completed = app.once('task:completed');
        const { id } = await app.client.of(type).greet(hello);
        expect(await bounded('completion', completed)).toMatchObject({ id, queue, attempt: 1, task: `${queue}.greet` });
        expect(seen).toEqual([hello]);
        expect(seen[0]).toBeInstanceOf(Greeting);
        expect(await app.deadLetters.count(queue)).toBe(0);
      });

      it('runs a task that was enqueued by contract, by a service that does not have the handler', async () => {
        const queue = uniqueName('orders');
        const ship = defineTask(`${queue}.ship`, { queue, payload: Order });
        const shipped: string[] = [];
        class Shipping {
          @Task(ship)
          ship(order: Order): void {
            shipped.push(order.sku);
          }
        }
        const worker = await start(Shipping);
        const producer = await startApp({ url: urlOf() });
        const completed = worker.once('task:completed');
        await producer.client.enqueue(ship, { sku: 'a-1' });
        await bounded('completion', completed);
        expect(shipped).toEqual(['a-1']);
      });

      it('gives the handler its context', async () => {
        let context: Record<string, unknown> = {};
        const { type, queue } = greetings((_payload, task) => {
          const { id, name, attempt, maxAttempts, correlationId, appId, headers, redelivered, failures } = task;
          context = {
            id,
            name,
            queue: task.queue,
            attempt,
            maxAttempts,
            correlationId,
            appId,
            headers: { ...headers },
            redelivered,
            failures,
          };
          expect(task.signal.aborted).toBe(false);
          expect(task.enqueuedAt).toBeInstanceOf(Date);
        });
        const app = await start(type, { name: 'shop' });
        const completed = app.once('task:completed');
        await app.client
          .of(type)
          .greet(hello, { id: 'my-id', correlationId: 'c-1', headers: { tenant: 'acme', retries: 2 } });
        await bounded('completion', completed);
        expect(context).toEqual({
          id: 'my-id',
          name: `${queue}.greet`,
          queue,
          attempt: 1,
          maxAttempts: 3,
          correlationId: 'c-1',
          appId: 'shop',
          headers: { tenant: 'acme', retries: 2 },
          redelivered: false,
          failures: [],
        });
      });

      it('runs at most `concurrency` tasks of a queue at the same time', async () => {
        let running = 0;
        let most = 0;
        const { type } = greetings(
          async () => {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setImmediate(resolve));
            running--;
          },
          { concurrency: 3, prefetch: 20 },
        );
        const app = await start(type);
        let completed = 0;
        const all = new Promise<void>((resolve) =>
          app.on('task:completed', () => void (++completed === 30 && resolve())),
        );
        const results = await app.client.of(type).greet.many(Array.from({ length: 30 }, () => ({ payload: hello })));
        expect(results.every((result) => result.ok)).toBe(true);
        await bounded('30 completions', all);
        expect(most).toBe(3);
      });

      it('wraps handlers in middleware, which may change the payload or end the attempt', async () => {
        const order: string[] = [];
        const { type } = greetings((payload) => order.push(`handler ${payload.times}`));
        const app = await start(type, {
          middleware: [
            async ({ payload }, next) => {
              order.push('outer before');
              await next({ ...(payload as Greeting), times: 7 });
              order.push('outer after');
            },
            async (call, next) => {
              if (call.task.headers['skip'] === true) throw new DiscardTask('skipped');
              await next();
            },
          ],
        });
        const completed = app.once('task:completed');
        await app.client.of(type).greet(hello);
        await bounded('completion', completed);
        expect(order).toEqual(['outer before', 'handler 7', 'outer after']);
        const discarded = app.once('task:discarded');
        await app.client.of(type).greet(hello, { headers: { skip: true } });
        expect((await bounded('discard', discarded)).reason).toBe('skipped');
      });
    });

    describe('why a task failed', () => {
      it('is told with its stack and its causes, by events and by the dead letter', async () => {
        const { type, queue } = greetings(
          () => {
            throw new TypeError('fetch failed', {
              cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
            });
          },
          { maxAttempts: 2 },
        );
        const app = await start(type);
        const retried = app.once('task:retried');
        const dead = app.once('task:dead-lettered');
        await app.client.of(type).greet(hello);
        const why = {
          stack: expect.stringContaining('task-suite.ts') as string,
          causes: [{ name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' }],
        };
        expect((await bounded('the retry', retried)).error).toMatchObject(why);
        expect((await bounded('the dead letter', dead)).error).toMatchObject(why);
        const { failures, error } = await deadLetterOf(app, queue);
        expect(error).toMatchObject({ error: 'TypeError', ...why });
        expect(failures.map(({ stack }) => stack !== undefined)).toEqual([false, true]);
      });
    });

    describe('a worker whose clock is wrong', () => {
      it.each([
        ['a minute ahead', 60_000],
        ['an hour ahead', 3_600_000],
        ['an hour behind', -3_600_000],
      ])('runs what expires sooner than that, and its retry: %s', async (_, aheadMs) => {
        const attempts: number[] = [];
        const { type } = greetings((_payload, task) => {
          attempts.push(task.attempt);
          if (task.attempt === 1) throw new Error('once more');
        });
        const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
        const app = await start(type);
        const worker = await start(type, { clock });
        await app.pause();
        const completed = worker.once('task:completed');
        await app.client.of(type).greet(hello, { expiresIn: '30s' });
        await bounded('completion', completed);
        expect(attempts).toEqual([1, 2]);
      });
    });

    describe('the async context', () => {
      const enter = (store: string): unknown => {
        const before = context.getStore();
        context.enterWith(store);
        return before;
      };

      /** Sends three messages in one burst, from a request that has a store, and waits until all are completed. */
      const burst = async (app: TaskApp, type: ReturnType<typeof greetings>['type']): Promise<void> => {
        let completed = 0;
        const all = new Promise<void>((resolve) =>
          app.on('task:completed', () => void (++completed === 3 && resolve())),
        );
        await context.run('the request', () =>
          app.client.of(type).greet.many([{ payload: hello }, { payload: hello }, { payload: hello }]),
        );
        await bounded('three completions', all);
      };

      it.each([
        ['at once', 10],
        ['one after the other', 1],
      ])(
        'is empty when a handler begins, which runs %s, whatever the sender or another handler has set',
        async (_how, concurrency) => {
          const seen: unknown[] = [];
          const { type } = greetings((_payload, task) => seen.push(enter(task.id)), { concurrency, prefetch: 10 });
          const app = await context.run('the start', () => start(type));
          await burst(app, type);
          expect(seen).toEqual([undefined, undefined, undefined]);
        },
      );

      it.each([
        ['at once', 10],
        ['one after the other', 1],
      ])('of an attempt that waits is its own to the end, and ends with it, %s', async (_how, concurrency) => {
        const begun: unknown[] = [];
        const ended: unknown[] = [];
        const { type } = greetings(
          async (_payload, task) => {
            begun.push(enter(task.id));
            await new Promise((resolve) => setImmediate(resolve));
            ended.push(context.getStore() === task.id);
          },
          { concurrency, prefetch: 10 },
        );
        const app = await start(type);
        await burst(app, type);
        expect(begun).toEqual([undefined, undefined, undefined]);
        expect(ended).toEqual([true, true, true]);
      });

      it('is empty for the class of the payload and for middleware, whose store the handler sees', async () => {
        const seen: unknown[] = [];
        const queue = uniqueName('watched');
        class Watched extends Greeting {
          constructor() {
            super();
            seen.push(['payload', context.getStore()]);
          }
        }
        const greet = defineTask(`${queue}.greet`, { queue, payload: Watched });
        class Greetings {
          @Task(greet)
          greet(_payload: Watched): void {
            seen.push(['handler', context.getStore()]);
          }
        }
        const app = await start(Greetings, {
          middleware: [
            (_call, next) => {
              seen.push(['middleware', enter('the middleware')]);
              return next();
            },
          ],
        });
        // A start makes one of each class, to find constructors that need arguments.
        seen.length = 0;
        let completed = 0;
        const both = new Promise<void>((resolve) =>
          app.on('task:completed', () => void (++completed === 2 && resolve())),
        );
        await context.run('the request', () => app.client.enqueueMany(greet, [{ payload: hello }, { payload: hello }]));
        await bounded('both completions', both);
        const attempt = [
          ['payload', undefined],
          ['middleware', undefined],
          ['handler', 'the middleware'],
        ];
        expect(seen.filter((entry) => !isDeepStrictEqual(entry, ['payload', 'the request']))).toEqual([
          ...attempt,
          ...attempt,
        ]);
      });

      it('of an attempt is empty again for its retry', async () => {
        const seen: unknown[] = [];
        const { type } = greetings((_payload, task) => {
          seen.push(enter(task.id));
          if (task.attempt === 1) throw new Error('once more');
        });
        const app = await start(type);
        const completed = app.once('task:completed');
        await context.run('the request', () => app.client.of(type).greet(hello));
        await bounded('completion', completed);
        expect(seen).toEqual([undefined, undefined]);
      });

      it("is an attempt's own for what listens to its end", async () => {
        const { type } = greetings((_payload, task) => void context.enterWith(task.id));
        const strangers: unknown[] = [];
        const app = await start(type);
        app.on('task:completed', ({ id }) => context.getStore() !== id && strangers.push(context.getStore()));
        await burst(app, type);
        expect(strangers).toEqual([]);
      });
    });

    describe('the sender', () => {
      it('is refused an invalid payload, with every problem by its path, and nothing is sent', async () => {
        const { type, queue } = greetings(() => undefined);
        const app = await start(type);
        const bad = { to: 'nobody', times: 1.5 };
        await expect(app.client.of(type).greet(bad)).rejects.toMatchObject({
          code: 'INVALID_PAYLOAD',
          problems: expect.arrayContaining([
            expect.objectContaining({ path: 'to', rule: 'isEmail' }),
            expect.objectContaining({ path: 'times', rule: 'isInt' }),
          ]),
        });
        expect(await app.deadLetters.count(queue)).toBe(0);
      });

      it('is told when no queue takes the message', async () => {
        const app = await startApp({ url: urlOf() });
        const lost = defineTask('lost.task', { queue: uniqueName('nowhere') });
        await expect(app.client.enqueue(lost)).rejects.toMatchObject({ code: 'UNROUTABLE' });
        await expect(app.client.enqueue(lost, undefined, { delay: '1s' })).rejects.toMatchObject({
          code: 'UNROUTABLE',
        });
      });

      it.each([
        ['a negative delay', { delay: -5 }],
        ['a delay that is no number', { delay: Number.NaN }],
        ['a delay of nine years', { delay: '3285d' as const }],
        ['both delay and runAt', { delay: '1s' as const, runAt: new Date() }],
        ['a priority of 256', { priority: 256 }],
        ["a header of the broker's", { headers: { CC: ['elsewhere'] } }],
      ])('is refused %s', async (_what, options) => {
        const { type } = greetings(() => undefined);
        const app = await start(type);
        await expect(app.client.of(type).greet(hello, options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
      });

      it('gets a result for each of many, in order, and bad ones do not hold back good ones', async () => {
        const { type } = greetings(() => undefined);
        const app = await start(type);
        const results = await app.client.of(type).greet.many([
          { payload: hello, id: 'one' },
          { payload: { to: 'x', times: 1 }, id: 'two' },
          { payload: hello, id: 'three', delay: -1 },
          { payload: hello, id: 'four' },
        ]);
        expect(results).toEqual([
          { ok: true, id: 'one' },
          { ok: false, id: 'two', error: expect.objectContaining({ code: 'INVALID_PAYLOAD' }) },
          { ok: false, id: 'three', error: expect.objectContaining({ code: 'INVALID_OPTIONS' }) },
          { ok: true, id: 'four' },
        ]);
      });

      it('reads many a hundred at a time, and lets others have their turn meanwhile', async () => {
        const { type } = greetings(() => undefined);
        const app = await start(type);
        let read = 0;
        function* items() {
          for (; read < 1_000; read++) yield { payload: hello };
        }
        const sending = app.client.of(type).greet.many(items());
        await new Promise((resolve) => setImmediate(resolve));
        expect(read).toBeLessThanOrEqual(300);
        const results = await bounded('sending', sending);
        expect(results.filter(({ ok }) => ok)).toHaveLength(1_000);
      });

      it('is refused a payload of 20 MB', async () => {
        const queue = uniqueName('big');
        const big = defineTask(`${queue}.big`, { queue, payload: Order });
        const app = await startApp({ url: urlOf() });
        await expect(app.client.enqueue(big, { sku: 'x'.repeat(20_000_000) })).rejects.toMatchObject({
          code: 'MESSAGE_LIMIT',
        });
      });

      it('is refused before start and after stop', async () => {
        const { type } = greetings(() => undefined);
        const app = await start(type);
        await app.stop();
        await expect(app.client.of(type).greet(hello)).rejects.toMatchObject({ code: 'NOT_STARTED' });
      });
    });

    describe('a message of another client', () => {
      const body = Buffer.from(JSON.stringify(hello));
      const untyped = (id: string) => ({ messageId: id, contentType: 'application/json' });

      it('that waited on the ladder without a type is the only task’s, as if it had not waited', async () => {
        const ran: string[] = [];
        const { type, queue } = greetings((_payload, { id, attempt }) => {
          ran.push(`${id} ${attempt}`);
          if (attempt === 1) throw new Error('once more');
        });
        const app = await start(type);
        const { publisher } = app.broker;
        await publisher.publish({ ...route(queue, 125, 'exact'), body, properties: untyped('delayed') });
        await publisher.publish({ exchange: '', routingKey: queue, body, properties: untyped('direct') });
        await eventually(
          'both, twice',
          () => ran,
          (all) => all.length === 4,
        );
        expect(ran.toSorted()).toEqual(['delayed 1', 'delayed 2', 'direct 1', 'direct 2']);
      });

      it('that waited on the ladder matches no routing key, whatever the pattern', async () => {
        const queue = uniqueName('patterns');
        const ran: string[] = [];
        @TaskQueue(queue, { bindings: [{ exchange: uniqueName('shop'), type: 'topic', routingKey: '#' }] })
        class Patterns {
          @Task({ routingKey: '*.#' })
          one(_payload: Greeting, { id }: TaskContext): void {
            ran.push(id);
          }
          @Task({ routingKey: '#' })
          two(_payload: Greeting, { id }: TaskContext): void {
            ran.push(id);
          }
        }
        const app = await start(Patterns, { keepUnknownTasks: '1s' });
        const properties = { ...untyped('nobodys'), type: 'nobody.knows' };
        await app.broker.publisher.publish({ ...route(queue, 125, 'exact'), body, properties });
        expect(await deadLetterOf(app, queue)).toMatchObject({ id: 'nobodys', reason: 'unknown-task' });
        expect(ran).toEqual([]);
      });

      it('with headers beyond their budget has all of them at first, then those that fit; the rest is named', async () => {
        const seen: string[][] = [];
        const { type, queue } = greetings(
          (_payload, { headers }) => {
            seen.push(Object.keys(headers).toSorted());
            throw new Error('no');
          },
          { maxAttempts: 2 },
        );
        const app = await start(type);
        const headers = { big: 'x'.repeat(17_000), half: 'x'.repeat(9_000), second: 'x'.repeat(9_000), small: 1 };
        await app.broker.publisher.publish({
          exchange: '',
          routingKey: queue,
          body,
          properties: { ...untyped('id-1'), headers },
        });
        const letter = await deadLetterOf(app, queue);
        expect(seen.map((names) => names.length)).toEqual([4, 2]);
        expect(Object.keys(letter.headers)).toContain('small');
        expect([...Object.keys(letter.headers), ...(letter.headersLeftOut ?? [])].toSorted()).toEqual(
          Object.keys(headers).toSorted(),
        );
      });

      it('with headers that are nested too deep becomes a dead letter, and does not run', async () => {
        let deep: unknown = 'core';
        for (let table = 0; table < 65; table++) deep = { a: deep };
        const ran = jest.fn();
        const { type, queue } = greetings(ran);
        const app = await start(type);
        const properties = { ...untyped('id-1'), headers: { deep, tenant: 'ada' } };
        await app.broker.publisher.publish({ exchange: '', routingKey: queue, body, properties });
        expect(await deadLetterOf(app, queue)).toMatchObject({
          reason: 'undecodable',
          headers: { tenant: 'ada' },
          headersLeftOut: ['deep'],
          problems: [{ path: 'headers.deep' }],
        });
        expect(ran).not.toHaveBeenCalled();
      });
    });

    describe('retries', () => {
      it("retries with the policy's delay and the same id, and tells the handler of its failures", async () => {
        const attempts: { id: string; attempt: number; failures: readonly string[] }[] = [];
        const { type } = greetings((_payload, task) => {
          attempts.push({
            id: task.id,
            attempt: task.attempt,
            failures: task.failures.map((f) => `${f.attempt} ${f.error}: ${f.message}`),
          });
          if (task.attempt < 3) throw new TypeError(`no luck ${task.attempt}`);
        });
        const app = await start(type);
        const completed = app.once('task:completed');
        const retried = app.once('task:retried');
        const { id } = await app.client.of(type).greet(hello);
        expect(await bounded('retry', retried)).toMatchObject({ id, attempt: 1, nextAttempt: 2, delayMs: 125 });
        expect(await bounded('completion', completed)).toMatchObject({ id, attempt: 3 });
        expect(attempts).toEqual([
          { id, attempt: 1, failures: [] },
          { id, attempt: 2, failures: ['1 TypeError: no luck 1'] },
          { id, attempt: 3, failures: ['1 TypeError: no luck 1', '2 TypeError: no luck 2'] },
        ]);
      });

      it('dead-letters after maxAttempts with reason, error, history and the way back', async () => {
        const { type, queue, name } = greetings((_payload, task) => {
          throw new RangeError(`failure ${task.attempt}`);
        });
        const app = await start(type);
        const { id } = await app.client.of(type).greet(hello, { headers: { tenant: 'acme' } });
        const letter = await deadLetterOf(app, queue);
        expect(letter).toMatchObject({
          id,
          task: name,
          queue,
          reason: 'exhausted',
          attempt: 3,
          headers: { tenant: 'acme' },
        });
        expect(letter.failures.map((f) => f.message)).toEqual(['failure 1', 'failure 2', 'failure 3']);
        expect(JSON.parse(letter.body.toString())).toEqual(hello);
      });

      it.each<[string, () => unknown, string, string]>([
        ['a string', () => 'plain text', 'string', 'plain text'],
        ['undefined', () => undefined, 'undefined', 'undefined'],
        ['a frozen error', () => Object.freeze(new Error('frozen')), 'Error', 'frozen'],
        [
          'an error whose message getter throws',
          () =>
            Object.defineProperty(new Error('x'), 'message', {
              get() {
                throw new Error('trap');
              },
            }),
          'Error',
          '(unreadable)',
        ],
      ])('keeps what can be told of a handler that throws %s', async (_what, thrown, error, message) => {
        const { type, queue } = greetings(
          () => {
            throw thrown();
          },
          { maxAttempts: 1 },
        );
        const app = await start(type);
        await app.client.of(type).greet(hello);
        expect((await deadLetterOf(app, queue)).error).toMatchObject({ attempt: 1, error, message });
      });

      it('treats a rejected promise like a throw', async () => {
        const { type, queue } = greetings(() => Promise.reject(new Error('later')), { maxAttempts: 1 });
        const app = await start(type);
        await app.client.of(type).greet(hello);
        expect((await deadLetterOf(app, queue)).error?.message).toBe('later');
      });

      it('does not retry the errors that a rule excludes', async () => {
        class CardStolen extends Error {}
        const { type, queue } = greetings(
          () => {
            throw new CardStolen('stolen');
          },
          { neverRetry: [CardStolen] },
        );
        const app = await start(type);
        await app.client.of(type).greet(hello);
        expect(await deadLetterOf(app, queue)).toMatchObject({ reason: 'failed', attempt: 1 });
      });

      it('lets a handler retry at its own time, give up, discard and snooze', async () => {
        const attempts: number[] = [];
        const { type, queue } = greetings((payload, task) => {
          attempts.push(task.attempt);
          if (payload.times === 1 && task.attempt === 1)
            throw new RetryTask({ after: '250ms', reason: 'rate limited' });
          if (payload.times === 2) throw new FailTask('card is stolen');
          if (payload.times === 3) throw new DiscardTask('account was deleted');
          if (payload.times === 4 && attempts.length === 1) throw new SnoozeTask('250ms', 'not ready');
        });
        const app = await start(type);
        const send = (times: number) => app.client.of(type).greet({ ...hello, times });

        const retried = app.once('task:retried');
        const completed = app.once('task:completed');
        await send(1);
        expect(await bounded('retry', retried)).toMatchObject({
          delayMs: 250,
          error: { name: 'RetryTask', message: 'rate limited' },
        });
        await bounded('completion', completed);

        await send(2);
        expect(await deadLetterOf(app, queue)).toMatchObject({
          reason: 'failed',
          error: { message: 'card is stolen' },
        });

        const discarded = app.once('task:discarded');
        await send(3);
        expect(await bounded('discard', discarded)).toMatchObject({ reason: 'account was deleted' });

        attempts.length = 0;
        const snoozed = app.once('task:snoozed');
        const awake = app.once('task:completed');
        await send(4);
        expect(await bounded('snooze', snoozed)).toMatchObject({ delayMs: 250, reason: 'not ready' });
        await bounded('completion', awake);
        expect(attempts).toEqual([1, 1]);
        expect(await app.deadLetters.count(queue)).toBe(1);
      });

      it('ends a handler that never settles by its timeout, aborts its signal and frees its slot', async () => {
        const reasons: unknown[] = [];
        const { type, queue } = greetings(
          (payload, task) => {
            if (payload.times === 2) return undefined;
            task.signal.addEventListener('abort', () => reasons.push((task.signal.reason as { code?: unknown }).code));
            return new Promise(() => undefined);
          },
          { timeout: '100ms', maxAttempts: 1, concurrency: 1 },
        );
        const app = await start(type);
        await app.client.of(type).greet(hello);
        expect(await deadLetterOf(app, queue)).toMatchObject({
          reason: 'exhausted',
          error: { error: 'TaskTimeoutError' },
        });
        expect(reasons).toEqual(['TASK_TIMEOUT']);
        const completed = app.once('task:completed');
        await app.client.of(type).greet({ ...hello, times: 2 });
        await bounded('the freed slot', completed);
      });

      it('tells of handlers that ignore their timeout, makes room beside as many as it has slots, and is stuck beyond', async () => {
        const begun: number[] = [];
        const ends = new Map<number, () => void>();
        const { type, queue } = greetings(
          ({ times }) => {
            begun.push(times);
            return new Promise<void>((resolve) => ends.set(times, resolve));
          },
          { timeout: '100ms', maxAttempts: 1, concurrency: 1 },
        );
        const app = await start(type);
        const slots = () => app.health().consumers.find((each) => each.queue === queue);
        const overdue: string[] = [];
        app.on('task:overdue', ({ id }) => overdue.push(id));
        const ended = app.once('task:overdue-ended');
        const ids: string[] = [];
        for (let times = 1; times <= 3; times++) ids.push((await app.client.of(type).greet({ ...hello, times })).id);
        await eventually('the last slot to be kept', slots, (now) => now?.overdue === 1);
        expect(slots()).toMatchObject({ concurrency: 1, running: 1 });
        expect([begun, overdue]).toEqual([[1, 2], ids.slice(0, 2)]);
        ends.get(1)?.();
        expect(await bounded('the end of the first', ended)).toMatchObject({ id: ids[0], queue, attempt: 1 });
        await eventually(
          'the third to begin',
          () => begun,
          (all) => all.length === 3,
        );
        for (const end of ends.values()) end();
        await eventually('every slot to be free', slots, (now) => now?.running === 0 && now.overdue === 0);
        await eventually(
          'a dead letter of each that was late',
          () => app.deadLetters.count(queue),
          (count) => count === 2,
        );
      });

      it('retries a task whose class cannot be instantiated', async () => {
        const { type, queue } = greetings(() => undefined, { maxAttempts: 2 });
        const app = await start(type, {
          resolver: {
            get: () => {
              throw new Error('no database');
            },
          },
        });
        await app.client.of(type).greet(hello);
        expect(await deadLetterOf(app, queue)).toMatchObject({
          attempt: 2,
          error: { error: 'HandlerUnavailableError' },
        });
      });
    });

    describe('time', () => {
      it('delivers a delayed task after its delay, never early', async () => {
        const { type } = greetings(() => undefined);
        const app = await start(type);
        const started = Date.now();
        const completed = app.once('task:completed');
        await app.client.of(type).greet(hello, { delay: '625ms' });
        await bounded('completion', completed);
        expect(Date.now() - started).toBeGreaterThanOrEqual(625);
      });

      it('delivers a task at an instant, and at once when that has passed', async () => {
        const order: number[] = [];
        const { type } = greetings((payload) => order.push(payload.times));
        const app = await start(type);
        const both = new Promise<void>((resolve) =>
          app.on('task:completed', () => void (order.length === 2 && resolve())),
        );
        await app.client.of(type).greet({ ...hello, times: 1 }, { runAt: new Date(Date.now() + 500) });
        await app.client.of(type).greet({ ...hello, times: 2 }, { runAt: '2020-01-01T00:00:00Z' });
        await bounded('both', both);
        expect(order).toEqual([2, 1]);
      });

      it('dead-letters what was not started in time as expired', async () => {
        const { type, queue } = greetings(() => undefined);
        const app = await start(type);
        await app.pause();
        await app.client.of(type).greet(hello, { expiresIn: '50ms' });
        expect(await deadLetterOf(app, queue)).toMatchObject({ reason: 'expired' });
      });
    });

    describe('starting and stopping', () => {
      it('takes nothing while paused and goes on when resumed', async () => {
        const { type } = greetings(() => undefined);
        const app = await start(type);
        await app.pause();
        let completed = 0;
        app.on('task:completed', () => completed++);
        await app.client.of(type).greet(hello);
        await app.client.of(type).greet(hello);
        expect(completed).toBe(0);
        await app.resume();
        await eventually(
          'both completions',
          () => completed,
          (count) => count === 2,
        );
      });

      it('finishes running tasks when it stops, within the deadline', async () => {
        let release: () => void = () => undefined;
        const running = new Promise<void>((resolve) => {
          release = resolve;
        });
        const { type, queue } = greetings(() => running);
        const app = await start(type);
        const started = app.once('task:started');
        const completed = app.once('task:completed');
        await app.client.of(type).greet(hello);
        await bounded('start', started);
        const stopping = app.stop();
        release();
        await bounded('stop', stopping);
        await bounded('completion', completed);
        const other = await startApp({ url: urlOf(), tasks: [type], consume: false });
        expect(await other.deadLetters.count(queue)).toBe(0);
      });

      it('gives back what does not finish by the deadline, without costing an attempt', async () => {
        const attempts: number[] = [];
        let aborted: unknown;
        const { type } = greetings((_payload, task) => {
          attempts.push(task.attempt);
          if (attempts.length > 1) return undefined;
          task.signal.addEventListener('abort', () => {
            aborted = (task.signal.reason as { code?: unknown }).code;
          });
          return new Promise(() => undefined);
        });
        const first = await start(type, { stopTimeout: 50 });
        const started = first.once('task:started');
        await first.client.of(type).greet(hello);
        await bounded('start', started);
        const stopped = first.once('worker:stopped');
        await bounded('stop', first.stop());
        expect((await stopped).interrupted).toBe(1);
        expect(aborted).toBe('SHUTTING_DOWN');
        const second = await startApp({ url: urlOf(), tasks: [type] });
        await bounded(
          'second run',
          eventually(
            'second run',
            () => attempts.length,
            (count) => count === 2,
          ),
        );
        expect(attempts).toEqual([1, 1]);
        await second.stop();
      });

      it('drains: runs what it has, takes nothing more, and still enqueues until it stops', async () => {
        let finish: () => void = () => undefined;
        const runs: number[] = [];
        const { type } = greetings(({ times }) => {
          runs.push(times);
          return new Promise<void>((resolve) => {
            finish = resolve;
          });
        });
        const app = await start(type);
        const started = app.once('task:started');
        await app.client.of(type).greet({ ...hello, times: 1 });
        await bounded('start', started);
        const drained = app.drain();
        await app.client.of(type).greet({ ...hello, times: 2 });
        finish();
        await bounded('drain', drained);
        await app.client.of(type).greet({ ...hello, times: 3 });
        await bounded('stop', app.stop());
        expect(runs).toEqual([1]);
        await expect(app.client.of(type).greet(hello)).rejects.toMatchObject({ code: 'NOT_STARTED' });
      });

      it('can be stopped twice and while nothing runs', async () => {
        const { type } = greetings(() => undefined);
        const app = await start(type);
        await Promise.all([app.stop(), app.stop()]);
        await app.stop();
        expect(app.state).toBe('stopped');
        await expect(app.start()).rejects.toMatchObject({ code: 'NOT_STARTED' });
      });
    });

    describe('dead letters', () => {
      const failing = (fails: () => boolean) =>
        greetings(
          () => {
            if (fails()) throw new Error('broken');
          },
          { maxAttempts: 1, concurrency: 1 },
        );

      it('are listed as often as one likes, in order, and use nothing up', async () => {
        const { type, queue } = failing(() => true);
        const app = await start(type);
        for (const id of ['a', 'b', 'c']) await app.client.of(type).greet(hello, { id });
        await eventually(
          'three letters',
          () => app.deadLetters.count(queue),
          (count) => count === 3,
        );
        for (let round = 0; round < 5; round++) {
          const letters = await app.deadLetters.list(queue);
          expect(letters.map((letter) => letter.id)).toEqual(['a', 'b', 'c']);
        }
        expect((await app.deadLetters.list(queue, { limit: 2 })).map((letter) => letter.id)).toEqual(['a', 'b']);
        expect(
          await eventually(
            'the count',
            () => app.deadLetters.count(queue),
            (count) => count === 3,
          ),
        ).toBe(3);
      });

      it('are replayed with attempts from the start and their history kept', async () => {
        let broken = true;
        const attempts: { attempt: number; failures: number }[] = [];
        const { type, queue } = greetings(
          (_payload, task) => {
            attempts.push({ attempt: task.attempt, failures: task.failures.length });
            if (broken) throw new Error('broken');
          },
          { maxAttempts: 2 },
        );
        const app = await start(type);
        const { id } = await app.client.of(type).greet(hello);
        await deadLetterOf(app, queue);
        broken = false;
        const completed = app.once('task:completed');
        expect(await app.deadLetters.replay(queue)).toEqual({ scanned: 1, done: 1, total: 1 });
        expect(await bounded('completion', completed)).toMatchObject({ id, attempt: 1 });
        expect(attempts).toEqual([
          { attempt: 1, failures: 0 },
          { attempt: 2, failures: 1 },
          { attempt: 1, failures: 2 },
        ]);
        expect(await app.deadLetters.count(queue)).toBe(0);
      });

      it('are replayed once by one call even when they die again at once', async () => {
        const { type, queue } = failing(() => true);
        const app = await start(type);
        for (const id of ['a', 'b', 'c']) await app.client.of(type).greet(hello, { id });
        await eventually(
          'three letters',
          () => app.deadLetters.count(queue),
          (count) => count === 3,
        );
        expect(await app.deadLetters.replay(queue)).toMatchObject({ done: 3 });
        await eventually(
          'three letters again',
          () => app.deadLetters.count(queue),
          (count) => count === 3,
        );
        const letters = await app.deadLetters.list(queue);
        expect(letters.map((letter) => letter.replays)).toEqual([1, 1, 1]);
      });

      it('are replayed and discarded by filter and limit, and a dry run only counts', async () => {
        const { type, queue } = failing(() => true);
        const app = await start(type);
        for (const id of ['a', 'b', 'c', 'd']) await app.client.of(type).greet(hello, { id });
        await eventually(
          'four letters',
          () => app.deadLetters.count(queue),
          (count) => count === 4,
        );
        expect(await app.deadLetters.discard(queue, { dryRun: true })).toMatchObject({ done: 4 });
        expect(await app.deadLetters.discard(queue, { filter: { ids: ['b'] } })).toMatchObject({ done: 1, scanned: 4 });
        expect(await app.deadLetters.discard(queue, { limit: 1 })).toMatchObject({ done: 1 });
        const left = await app.deadLetters.list(queue);
        expect(left.map((letter) => letter.id)).toEqual(['c', 'd']);
        await app.pause();
        expect(await app.deadLetters.replay(queue, { filter: { where: (letter) => letter.id === 'd' } })).toMatchObject(
          { done: 1 },
        );
        expect((await app.deadLetters.list(queue)).map((letter) => letter.id)).toEqual(['c']);
      });

      it('of a queue that has none are an error that names the queue', async () => {
        const app = await startApp({ url: urlOf() });
        await expect(app.deadLetters.count('no-such-queue')).rejects.toMatchObject({
          code: 'QUEUE_MISSING',
          queue: 'no-such-queue.dead',
        });
      });
    });
  });
}

import type { TaskAppOptions } from '../app/app-options';
import { createTaskApp } from '../app/create-task-app';
import type { TaskApp } from '../app/task-app';
import type { Delivery } from '../broker/broker';
import type { TaskClient } from '../client/task-client';
import type { DeadLetters } from '../dead-letter/dead-letters';
import { ConfigurationError } from '../errors/configuration-error';
import { plainHeaders } from '../message/headers';
import type { TaskContract } from '../task/contract';
import type { DeadLetterReason } from '../task/outcome';
import { isTaskSignal } from '../task/signals';
import type { EnqueueArguments } from '../task/task-methods';
import { DURATION_FORMS, type Duration, parseDuration } from '../time/duration';
import { ManualClock } from '../time/manual-clock';

/** What a test app takes: everything that an app does, but for the broker, the clock and the signals. */
export type TestAppOptions = Omit<
  TaskAppOptions,
  'url' | 'credentials' | 'clock' | 'handleSignals' | 'topology' | 'tls' | 'http'
> & {
  /** The first instant. @defaultValue 2026-01-01T00:00:00Z */
  readonly startAt?: Date;
};

/** How one task ended that a test ran. */
export type PerformedTask =
  | { readonly outcome: 'completed' | 'discarded' | 'interrupted'; readonly id: string }
  | { readonly outcome: 'retried' | 'snoozed'; readonly id: string; readonly delayMs: number; readonly error: unknown }
  | {
      readonly outcome: 'dead-lettered';
      readonly id: string;
      readonly reason: DeadLetterReason;
      readonly error: unknown;
    };

/** Turns of the event loop in a row in which nothing may happen before an app counts as idle. */
const CALM_TURNS = 10;
/** Turns after which a handler that still runs is left to itself: it waits for time, or for something real. */
const MAX_TURNS = 200;
/** How long a handler may keep `drain` waiting that does something real, in milliseconds of real time. */
const MAX_WAIT_MS = 5_000;

/**
 * Starts an app on an embedded broker with a clock that stands still. It takes tasks only while `drain`, `advance` or
 * `perform` run, so that a test can look at what was enqueued.
 *
 * @throws ConfigurationError
 *
 * @example
 * ```ts
 * const app = await createTestApp({ tasks: [EmailTasks] });
 * await app.client.of(EmailTasks).sendVerification({ to: 'ada@example.com', code: '4711' }, { delay: '10m' });
 * await app.advance('10m');
 * await app.stop();
 * ```
 */
export async function createTestApp({ startAt, ...options }: TestAppOptions): Promise<TestApp> {
  const bench = new TestBench(startAt);
  const app = await createTaskApp({ ...options, ...bench.options(options) });
  await app.start();
  await app.pause();
  return bench.testApp(app);
}

/** What an app needs to be under test, for those who make and start it themselves. */
export class TestBench {
  readonly #clock: ManualClock;
  readonly #errors = new HandlerErrors();

  constructor(startAt: Date | undefined) {
    this.#clock = new ManualClock(startAt?.getTime());
  }

  /** What counts instead of the app's own options. */
  options({ middleware = [], logger = false }: Pick<TaskAppOptions, 'middleware' | 'logger'>): TaskAppOptions {
    return {
      logger,
      middleware: [this.#errors.middleware, ...middleware],
      url: 'memory:',
      clock: this.#clock,
      handleSignals: false,
      http: false,
    };
  }

  /** @param app - made with these options, started and paused. */
  testApp(app: TaskApp): TestApp {
    return new TestApp(app, this.#clock, this.#errors);
  }
}

/** Remembers what handlers threw: the errors themselves, not their descriptions. */
class HandlerErrors {
  #first: { readonly error: unknown } | undefined;
  readonly #byTask = new Map<string, unknown>();

  readonly middleware: NonNullable<TaskAppOptions['middleware']>[number] = async ({ task }, next) => {
    try {
      return await next();
    } catch (error) {
      this.#byTask.set(task.id, error);
      // Signals are decisions, not failures.
      if (!isTaskSignal(error)) this.#first ??= { error };
      throw error;
    }
  };

  of(id: string): unknown {
    return this.#byTask.get(id);
  }

  /** Throws the first error since the last call. */
  rethrowFirst(): void {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) throw first.error;
  }

  forget(): void {
    this.#first = undefined;
  }
}

/** An app under test. Its time moves only by `advance`. */
export class TestApp {
  /** @internal Made by `createTestApp`. */
  constructor(
    /** The app itself: events, catalog, topology. */
    readonly app: TaskApp,
    readonly clock: ManualClock,
    private readonly errors: HandlerErrors,
  ) {}

  get client(): TaskClient {
    return this.app.client;
  }

  get deadLetters(): DeadLetters {
    return this.app.deadLetters;
  }

  /**
   * How many tasks are ready to run now, in one queue or in all. Delayed ones and retries that wait are not ready.
   */
  async ready(queue?: string): Promise<number> {
    const queues = queue === undefined ? this.app.catalog.queues.map(({ name }) => name) : [queue];
    const counts = await Promise.all(queues.map((name) => this.app.broker.countReady(name)));
    return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  /** The tasks that are ready to run now, oldest first by queue, with their decoded payloads. Looking changes nothing. */
  async enqueued(queue?: string): Promise<readonly EnqueuedForTest[]> {
    const queues = queue === undefined ? this.app.catalog.queues.map(({ name }) => name) : [queue];
    const found: EnqueuedForTest[] = [];
    for (const name of queues) found.push(...(await this.#peek(name)));
    return found;
  }

  /**
   * Runs everything that is due now, and what that enqueues, until nothing is ready. Retries and delayed tasks wait
   * for `advance`.
   *
   * @throws the first error that a handler threw, itself; tasks go their way all the same.
   */
  async drain(): Promise<void> {
    await this.#whileRunning(() => this.#idle());
    this.errors.rethrowFirst();
  }

  /**
   * Moves time forward, and runs everything that falls due on the way, in order.
   *
   * @throws ConfigurationError when the duration is none; the first error that a handler threw.
   */
  async advance(duration: Duration): Promise<void> {
    const ms = parseDuration(duration);
    if (ms === undefined) throw new ConfigurationError([`advance takes ${DURATION_FORMS}`]);
    const target = this.clock.now() + ms;
    await this.#whileRunning(async () => {
      await this.#quiet();
      for (let due = this.clock.nextDueAt; due !== undefined && due <= target; due = this.clock.nextDueAt) {
        await this.clock.advance(Math.max(0, due - this.clock.now()));
        await this.#quiet();
      }
      await this.clock.advance(target - this.clock.now());
      await this.#idle();
    });
    this.errors.rethrowFirst();
  }

  /**
   * Runs one task through the whole real path (validation, encoding, broker, decoding, middleware, handler, settlement)
   * and tells how its attempt ended. Does not throw what the handler threw: it is in the result.
   */
  async perform<P>(contract: TaskContract<P>, ...[payload, options]: EnqueueArguments<P>): Promise<PerformedTask> {
    const { id } = await this.client.enqueue(contract, ...([payload, options] as unknown as EnqueueArguments<P>));
    const ended = this.#ended(id);
    const performed = await this.#whileRunning(() => Promise.race([ended, this.#idle().then(() => ended)]));
    this.errors.forget();
    return performed;
  }

  /** Stops the app. */
  stop(): Promise<void> {
    return this.app.stop();
  }

  #ended(id: string): Promise<PerformedTask> {
    return new Promise((resolve) => {
      const offs: (() => void)[] = [];
      const end = (performed: PerformedTask): void => {
        for (const off of offs) off();
        resolve(performed);
      };
      const error = (): unknown => this.errors.of(id);
      offs.push(
        this.app.on('task:completed', (event) => event.id === id && end({ outcome: 'completed', id })),
        this.app.on('task:discarded', (event) => event.id === id && end({ outcome: 'discarded', id })),
        this.app.on('task:interrupted', (event) => event.id === id && end({ outcome: 'interrupted', id })),
        this.app.on(
          'task:retried',
          (event) => event.id === id && end({ outcome: 'retried', id, delayMs: event.delayMs, error: error() }),
        ),
        this.app.on(
          'task:snoozed',
          (event) => event.id === id && end({ outcome: 'snoozed', id, delayMs: event.delayMs, error: error() }),
        ),
        this.app.on(
          'task:dead-lettered',
          (event) => event.id === id && end({ outcome: 'dead-lettered', id, reason: event.reason, error: error() }),
        ),
      );
    });
  }

  async #whileRunning<T>(work: () => Promise<T>): Promise<T> {
    await this.app.resume();
    try {
      return await work();
    } finally {
      await this.app.pause();
    }
  }

  /** Waits until nothing runs and nothing is ready. */
  async #idle(): Promise<void> {
    const deadline = performance.now() + MAX_WAIT_MS;
    while (!(await this.#quiet())) {
      if (performance.now() < deadline) continue;
      throw new Error(
        `After ${MAX_WAIT_MS} ms ${this.app.running} handler(s) still run. Do they wait for a time that advance() has not reached?`,
      );
    }
  }

  /** Lets everything happen that needs no time. @returns whether nothing runs any more. */
  async #quiet(): Promise<boolean> {
    let calm = 0;
    for (let turn = 0; turn < MAX_TURNS && calm < CALM_TURNS; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const busy = this.app.busy || (await this.ready()) > 0;
      calm = busy ? 0 : calm + 1;
    }
    return calm === CALM_TURNS;
  }

  async #peek(queue: string): Promise<readonly EnqueuedForTest[]> {
    const reader = await this.app.broker.openReader(queue);
    const deliveries: Delivery[] = [];
    for (let next = await reader.next(); next !== undefined; next = await reader.next()) deliveries.push(next);
    for (const delivery of deliveries) delivery.requeue();
    await reader.close();
    return deliveries.map((delivery) => enqueuedForTest(queue, delivery));
  }
}

function enqueuedForTest(queue: string, { properties, body }: Delivery): EnqueuedForTest {
  return {
    id: properties.messageId ?? '',
    task: properties.type ?? '',
    queue,
    payload: JSON.parse(body.toString()) as unknown,
    headers: plainHeaders(properties.headers),
  };
}

/** A task that waits in its home queue. */
export interface EnqueuedForTest {
  readonly id: string;
  readonly task: string;
  readonly queue: string;
  readonly payload: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

import type { TaskApp } from '../app/task-app';
import { resolveEnqueueOptions } from '../client/enqueue-options';
import type { TaskClient } from '../client/task-client';
import type { DeadLetters } from '../dead-letter/dead-letters';
import { ConfigurationError } from '../errors/configuration-error';
import { TestStalledError } from '../errors/test-stalled-error';
import { plainHeaders } from '../message/headers';
import { parsedJson } from '../message/json-text';
import type { IncomingMessage } from '../message/wire';
import type { DeadLetterReason } from '../settlement/outcome';
import type { TaskContract } from '../task/contract';
import type { EnqueueArguments } from '../task/task-methods';
import { DURATION_FORMS, type Duration, parseDuration } from '../time/duration';
import type { ManualClock } from '../time/manual-clock';
import { DELAY_UNIT_MS } from '../topology/ladder';
import { AppRest, type Rest } from './app-rest';
import { ContractQueues } from './contract-queues';
import type { HandlerWatch } from './handler-watch';

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

/** An app under test. Its time moves only by `advance`. */
export class TestApp {
  readonly #rest: AppRest;
  readonly #contractQueues: ContractQueues;

  /** @internal Made by `createTestApp`. */
  constructor(
    /** The app itself: events, catalog, topology. */
    readonly app: TaskApp,
    readonly clock: ManualClock,
    private readonly handlers: HandlerWatch,
    patienceMs: number,
  ) {
    this.#rest = new AppRest(app, handlers, patienceMs);
    this.#contractQueues = new ContractQueues(app);
    app.on('worker:stopping', () => void this.#moveUntilStopped());
  }

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
    const queues = queue === undefined ? this.#queues() : [queue];
    const counts = await Promise.all(queues.map((name) => this.app.broker.countReady(name)));
    return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  /** The tasks that are ready to run now, oldest first by queue, with their decoded payloads. Looking changes nothing. */
  async enqueued(queue?: string): Promise<readonly EnqueuedForTest[]> {
    const queues = queue === undefined ? this.#queues() : [queue];
    const found: EnqueuedForTest[] = [];
    for (const name of queues) found.push(...this.#peek(name));
    return found;
  }

  /**
   * Runs everything that is due now, and what that enqueues, until nothing is ready. Retries and delayed tasks wait
   * for `advance`.
   *
   * @throws the first error that a handler threw, itself; tasks go their way all the same.
   * @throws TestStalledError when a handler still runs after the `patience`.
   */
  async drain(): Promise<void> {
    await this.#whileRunning(() => this.#rest.quiet());
    this.handlers.rethrowFirst();
  }

  /**
   * Moves time forward, and runs everything that falls due on the way, in order. Time stands still while a handler does
   * something real, such as a request; it moves on over a handler that has been idle for 250 ms.
   *
   * @throws ConfigurationError when the duration is none; the first error that a handler threw.
   * @throws TestStalledError when a handler still does something real after the `patience`, or can never end.
   */
  async advance(duration: Duration): Promise<void> {
    const ms = parseDuration(duration);
    if (ms === undefined) throw new ConfigurationError([`advance takes ${DURATION_FORMS}`]);
    const target = this.clock.now() + ms;
    await this.#whileRunning(async () => {
      const rest = await this.#moveTo(target);
      if (rest === 'working') await this.#rest.quiet();
      // What waits for a later time goes on with a later call.
      if (this.clock.nextDueAt === undefined && this.handlers.stuck > 0) throw this.#rest.stalled();
    });
    this.handlers.rethrowFirst();
  }

  /**
   * Runs one task through the whole real path (validation, encoding, broker, decoding, middleware, handler, settlement)
   * and tells how its attempt ended. One with a `delay` or a `runAt` moves the clock to where it is due, and runs what
   * falls due on the way. Does not throw what the handler threw: it is in the result.
   *
   * @throws ConfigurationError when no task of this app would run it.
   * @throws TestStalledError when the handler still runs after the `patience`.
   */
  async perform<P>(contract: TaskContract<P>, ...[payload, options]: EnqueueArguments<P>): Promise<PerformedTask> {
    this.#assertRuns(contract);
    const enqueuedAt = this.clock.now();
    const { id } = await this.client.enqueue(contract, ...([payload, options] as unknown as EnqueueArguments<P>));
    const { delayMs } = resolveEnqueueOptions(contract.name, options, enqueuedAt);
    let performed: PerformedTask | undefined;
    const isDone = (): boolean => performed !== undefined;
    const forget = this.#onEnd(id, (ended) => {
      performed = ended;
    });
    try {
      await this.#whileRunning(async () => {
        if (delayMs > 0) await this.#moveTo(enqueuedAt + delayMs + DELAY_UNIT_MS, isDone);
        await this.#rest.quiet(isDone);
      });
    } finally {
      forget();
      this.handlers.forgetFirst();
    }
    if (performed === undefined) throw TestStalledError.taskDidNotRun(contract.name, id);
    return performed;
  }

  /** Stops the app. The clock moves to the `stopTimeout` if a handler waits for nothing else. */
  stop(): Promise<void> {
    return this.app.stop();
  }

  #queues(): readonly string[] {
    return [...this.app.catalog.queues.map(({ name }) => name), ...this.#contractQueues.names];
  }

  #assertRuns({ name, queue }: TaskContract): void {
    const { consumedQueues } = this.app;
    // What is no contract is refused by the client, by name.
    if (typeof queue !== 'string' || consumedQueues.some((consumed) => consumed.name === queue)) return;
    const listed = consumedQueues.map((consumed) => consumed.name).join(', ') || 'none';
    throw new ConfigurationError([
      `perform("${name}"): no task of this app runs in queue "${queue}" (its queues: ${listed}). Name the class that has it in "tasks", or look at what was enqueued with enqueued()`,
    ]);
  }

  /** @returns the function that ends the listening. */
  #onEnd(id: string, end: (performed: PerformedTask) => void): () => void {
    const error = (): unknown => this.handlers.errorOf(id);
    const offs = [
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
    ];
    return () => {
      for (const off of offs) off();
    };
  }

  async #whileRunning(work: () => Promise<void>): Promise<void> {
    this.#rest.begin();
    await this.app.resume();
    try {
      await work();
    } finally {
      await this.app.pause();
    }
  }

  /** Moves the clock from one timer to the next, each time when nothing holds it up. */
  async #moveTo(target: number, isDone?: () => boolean): Promise<Rest> {
    let rest = await this.#rest.reached(isDone);
    for (let due = this.clock.nextDueAt; due !== undefined && due <= target; due = this.clock.nextDueAt) {
      if (isDone?.() === true) return rest;
      await this.clock.advance(Math.max(0, due - this.clock.now()));
      rest = await this.#rest.reached(isDone);
    }
    if (isDone?.() === true) return rest;
    await this.clock.advance(Math.max(0, target - this.clock.now()));
    return this.#rest.reached(isDone);
  }

  /** A stop waits for handlers, and some of those for a time that nobody moves. */
  async #moveUntilStopped(): Promise<void> {
    while (this.app.state !== 'stopped') {
      const rest = await this.#rest.reached();
      const due = this.clock.nextDueAt;
      if (rest !== 'quiet' && due !== undefined) await this.clock.advance(Math.max(0, due - this.clock.now()));
    }
  }

  #peek(queue: string): readonly EnqueuedForTest[] {
    const messages = this.app.broker.peek?.(queue) ?? [];
    return messages.map((message) => enqueuedForTest(queue, message));
  }
}

function enqueuedForTest(queue: string, { properties, body }: IncomingMessage): EnqueuedForTest {
  return {
    id: properties.messageId ?? '',
    task: properties.type ?? '',
    queue,
    payload: parsedJson(body),
    headers: plainHeaders(properties.headers),
  };
}

/** A task that waits in its home queue. */
export interface EnqueuedForTest {
  readonly id: string;
  readonly task: string;
  readonly queue: string;
  /** `undefined` where it is not JSON. */
  readonly payload: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

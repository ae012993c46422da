import { type BagItem, NO_PLACE } from '../collections/bag';
import { NotStartedError } from '../errors/configuration-error';
import { ShuttingDownError, TaskTimeoutError } from '../errors/task-errors';
import { childLogger, type Logger, SILENT_LOGGER } from '../events/logger';
import type { AttemptTrace } from '../events/tracer';
import { type Envelope, readFailures } from '../message/envelope';
import { plainHeaders } from '../message/headers';
import { traceIdOf } from '../message/trace-context';
import type { IncomingMessage } from '../message/wire';
import { COMPLETED, INTERRUPTED, type TaskOutcome } from '../settlement/outcome';
import type { TaskContext, TaskFailure, TaskLog } from '../task/context';
import type { TaskDefinition } from '../task/definition';
import type { TaskSender } from '../task/task-methods';
import type { Clock, Timer } from '../time/clock';
import { taskLog } from './task-log';
import { outcomeOfThrown } from './thrown-outcome';

/**
 * One attempt while it runs, and what its handler is told. Ends once: by the handler, by its timeout, or by the
 * worker's stop deadline. Whatever comes later is ignored. Everything that few handlers ask for is made when it is
 * asked for.
 */
export class RunningTask implements TaskContext, BagItem {
  place = NO_PLACE;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #finish: ((outcome: TaskOutcome) => void) | undefined;
  #onLateReturn: (() => void) | undefined;
  #timer: Timer | undefined;
  #headers: Readonly<Record<string, unknown>> | undefined;
  #log: TaskLog | undefined;

  constructor(
    readonly id: string,
    readonly queue: string,
    private readonly definition: TaskDefinition,
    private readonly envelope: Envelope,
    readonly message: IncomingMessage,
    /** Milliseconds since 1970. */
    readonly startedAt: number,
    /** `undefined` where nothing is traced. */
    readonly trace?: AttemptTrace | undefined,
    private readonly logger: Logger = SILENT_LOGGER,
    private readonly sender?: TaskSender | undefined,
  ) {}

  get name(): string {
    return this.definition.name;
  }

  /** 0: no limit. */
  get timeoutMs(): number {
    return this.definition.timeoutMs;
  }

  get attempt(): number {
    return this.envelope.attempt;
  }

  get traceId(): string | undefined {
    return this.trace?.traceId ?? traceIdOf(this.message.properties.headers);
  }

  get client(): TaskSender {
    if (this.sender === undefined) throw new NotStartedError('enqueue', 'created');
    return this.sender;
  }

  get log(): TaskLog {
    const { name: task, id, attempt, queue, traceId } = this;
    const fields = { task, id, attempt, queue, ...(traceId === undefined ? {} : { traceId }) };
    this.#log ??= taskLog(childLogger(this.logger, fields));
    return this.#log;
  }

  get maxAttempts(): number {
    return this.definition.retry.maxAttempts;
  }

  get enqueuedAt(): Date | undefined {
    const { timestamp } = this.message.properties;
    if (typeof timestamp !== 'number') return undefined;
    const date = new Date(timestamp * 1000);
    // A forged timestamp can lie beyond all dates, and an invalid date throws when it is written out.
    return Number.isNaN(date.getTime()) ? undefined : date;
  }

  get correlationId(): string | undefined {
    return this.message.properties.correlationId;
  }

  get appId(): string | undefined {
    return this.message.properties.appId;
  }

  get headers(): Readonly<Record<string, unknown>> {
    this.#headers ??= Object.freeze(plainHeaders(this.message.properties.headers));
    return this.#headers;
  }

  get redelivered(): boolean {
    return this.message.redelivered;
  }

  get failures(): readonly TaskFailure[] {
    return readFailures(this.message);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  /**
   * Does the work, within the task's timeout. Never rejects. What a handler did without waiting is known at once: no
   * promise and no timer is made for it.
   */
  run(clock: Clock, work: () => unknown, onTimeout: () => void): TaskOutcome | Promise<TaskOutcome> {
    let result: unknown;
    try {
      result = work();
    } catch (thrown) {
      return outcomeOfThrown(thrown);
    }
    // Some query builders are functions with a `then`; `await` waits for those too.
    const mayWait = (typeof result === 'object' && result !== null) || typeof result === 'function';
    return mayWait ? this.#wait(result, clock, onTimeout) : COMPLETED;
  }

  /** The worker's deadline has passed: the signal aborts, and the task goes back. */
  interrupt(): void {
    if (this.#finish === undefined) return;
    this.#abort(new ShuttingDownError());
    this.#end(INTERRUPTED);
  }

  /** Calls back when the handler returns of an attempt that has ended before. */
  onLateReturn(callback: () => void): void {
    this.#onLateReturn = callback;
  }

  #wait(result: unknown, clock: Clock, onTimeout: () => void): Promise<TaskOutcome> {
    return new Promise((resolve) => {
      this.#finish = resolve;
      const { timeoutMs } = this.definition;
      if (timeoutMs > 0) this.#timer = clock.schedule(() => this.#timeOut(onTimeout), timeoutMs);
      const failed = (thrown: unknown): void => this.#end(outcomeOfThrown(thrown));
      try {
        Promise.resolve(result).then(() => this.#end(COMPLETED), failed);
      } catch (thrown) {
        // A hostile promise throws when it is looked at.
        failed(thrown);
      }
    });
  }

  #timeOut(onTimeout: () => void): void {
    const error = new TaskTimeoutError(this.name, this.id, this.definition.timeoutMs);
    this.#abort(error);
    onTimeout();
    this.#end({ kind: 'timed-out', error });
  }

  #abort(reason: Error): void {
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }

  #end(outcome: TaskOutcome): void {
    const finish = this.#finish;
    if (finish === undefined) {
      // Ended before, by its timeout or the worker's stop: so this is its handler.
      this.#onLateReturn?.();
      return;
    }
    this.#finish = undefined;
    this.#timer?.cancel();
    finish(outcome);
  }
}

import type { ErrorCause } from '../errors/describe-thrown';
import type { TaskSender } from './task-methods';

/** One earlier failure of a task, as its history tells it. */
export interface TaskFailure {
  /** The attempt that failed, 1-based. */
  readonly attempt: number;
  /** When, as an ISO 8601 instant. */
  readonly at: string;
  /** The error's class: `TypeError`, `RetryTask`, `string`. */
  readonly error: string;
  /** The error's message, cut to 1 KiB. */
  readonly message: string;
  /** Where the error was thrown, cut to 4 KiB. Of the last failure alone. */
  readonly stack?: string;
  /** What led to the error, nearest first. Of the last failure alone. */
  readonly causes?: readonly ErrorCause[];
}

/** Writes one line: fields of your own and a text, or the text alone. */
export interface WriteTaskLog {
  (fields: Readonly<Record<string, unknown>>, message: string): void;
  (message: string): void;
}

/** Writes lines of one task: each with its name, id, attempt, queue and trace. */
export interface TaskLog {
  readonly debug: WriteTaskLog;
  readonly info: WriteTaskLog;
  readonly warn: WriteTaskLog;
  readonly error: WriteTaskLog;
}

/** What a handler is told about the task it runs. */
export interface TaskContext {
  /** The task's id: the same over all attempts and redeliveries. Use it as an idempotency key. */
  readonly id: string;
  /** The task's name. */
  readonly name: string;
  /** The home queue. */
  readonly queue: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  /** Aborts when the task's timeout passes (`TaskTimeoutError`) or the worker's stop deadline does (`ShuttingDownError`). */
  readonly signal: AbortSignal;
  /** When the task was first enqueued (whole seconds), or `undefined` where the sender did not say. */
  readonly enqueuedAt: Date | undefined;
  /** The trace that this attempt belongs to, 32 hexadecimal digits; `undefined` where nobody traces it. */
  readonly traceId: string | undefined;
  /** The app's logger. Every line has the task's name, id, attempt, queue and trace: `task.log.info({ to }, 'sent')`. */
  readonly log: TaskLog;
  /**
   * Enqueues more tasks, through the app that runs this one: `task.client.of(EmailTasks).sendWelcome({ to })`. What it enqueues
   * belongs to the trace of this attempt.
   */
  readonly client: TaskSender;
  readonly correlationId: string | undefined;
  /** Who enqueued it (`app_id`). */
  readonly appId: string | undefined;
  /** The sender's own headers, without Warren's and the broker's. A frozen object without a prototype. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Whether the broker delivered this very message before, and so whether the work may have been done already. */
  readonly redelivered: boolean;
  /** Earlier failures, oldest first; at most the last ten. */
  readonly failures: readonly TaskFailure[];
}

import { setTimeout as sleep } from 'node:timers/promises';
import { DiscardTask, FailTask, fixed, SnoozeTask, Task, type TaskContext, TaskQueue } from 'warren';
import type { HandlerOutcome } from './ledger-lines';
import type { LedgerWriter } from './ledger-writer';
import {
  CONCURRENCY,
  HANG_TIMEOUT_MS,
  indexOf,
  MAX_ATTEMPTS,
  type PlannedTask,
  PREFETCH,
  RETRY_DELAY_MS,
  SOAK_QUEUE,
} from './task-plan';

/** What a task carries: its plan, and for one that snoozes from when on it is ready (milliseconds since 1970). */
export type SoakPayload = PlannedTask & { readonly readyAt: number };

/** Handlers that do as they are told, and write down when they begin and how they end. */
@TaskQueue(SOAK_QUEUE, {
  concurrency: CONCURRENCY,
  prefetch: PREFETCH,
  backoff: fixed(RETRY_DELAY_MS),
  // The broker cannot tell a lost connection from a death, and here there is one every few seconds.
  maxCrashes: 15,
})
export class SoakTasks {
  constructor(private readonly ledger: LedgerWriter) {}

  @Task({ payload: 'unchecked', maxAttempts: MAX_ATTEMPTS })
  run(payload: unknown, task: TaskContext): Promise<void> | void {
    return this.#recorded(task, () => this.#act(payload as SoakPayload, task));
  }

  /** The first attempt never ends by itself; its timeout ends it. The worker may be slow, so there are some attempts more. */
  @Task({ payload: 'unchecked', timeout: HANG_TIMEOUT_MS, maxAttempts: 20 })
  hang(_payload: unknown, task: TaskContext): Promise<void> | void {
    return this.#recorded(task, () => {
      if (task.attempt > 1) return;
      return new Promise((_, reject) => task.signal.addEventListener('abort', () => reject(task.signal.reason)));
    });
  }

  #act({ index, kind, failures, workMs, readyAt }: SoakPayload, task: TaskContext): Promise<void> | void {
    switch (kind) {
      case 'works':
        return sleep(workMs);
      case 'fails-then-completes':
        if (task.attempt <= failures) throw new Error(`attempt ${task.attempt} of ${failures} that fail`);
        return;
      case 'exhausts':
        throw new Error('this one always fails');
      case 'snoozes':
        if (Date.now() < readyAt) throw new SnoozeTask(readyAt - Date.now());
        return;
      case 'discards':
        throw new DiscardTask();
      case 'gives-up':
        throw new FailTask();
      case 'blocks':
        block(workMs);
        return;
      case 'crashes':
        if (!task.redelivered) this.#crash(index);
        return;
      case 'completes':
      case 'hangs-then-completes':
    }
  }

  #recorded(task: TaskContext, act: () => Promise<void> | void): Promise<void> | void {
    const { attempt } = task;
    const index = indexOf(task.id);
    if (index === undefined) throw new FailTask(`not a task of this soak: ${task.id}`);
    const end = (outcome: HandlerOutcome): void =>
      this.ledger.write({ kind: 'ended', index, attempt, at: Date.now(), outcome });
    const failed = (error: unknown): never => {
      end(outcomeOf(error));
      throw error;
    };
    this.ledger.write({ kind: 'begun', index, attempt, at: Date.now() });
    try {
      const result = act();
      if (result !== undefined) return result.then(() => end('completed'), failed);
      end('completed');
    } catch (error) {
      failed(error);
    }
  }

  #crash(index: number): void {
    this.ledger.write({ kind: 'crashing', index, at: Date.now() });
    process.kill(process.pid, 'SIGKILL');
    // The signal may take a moment, in which nothing may happen any more.
    block(10_000);
  }
}

function outcomeOf(error: unknown): HandlerOutcome {
  if (error instanceof SnoozeTask) return 'snoozed';
  if (error instanceof DiscardTask) return 'discarded';
  return error instanceof FailTask ? 'gave-up' : 'failed';
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

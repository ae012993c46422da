import type { MetricsModel } from './metrics-model';
import type { Counter, Histogram } from './series';

/** How attempts end, as the label `outcome` says. */
export type AttemptOutcome = 'completed' | 'retried' | 'snoozed' | 'discarded' | 'dead_lettered' | 'interrupted';

/** The series of one task in one queue that change for every message, looked up once. */
export class TaskMeters {
  readonly enqueued: Counter;
  readonly completed: Counter;
  readonly latency: Histogram;
  /** What all attempts took that have ended, in milliseconds. */
  ranMs = 0;
  readonly #run = new Map<AttemptOutcome, Histogram>();
  readonly #endToEnd = new Map<AttemptOutcome, Histogram>();

  constructor(
    readonly model: MetricsModel,
    readonly queue: string,
    readonly task: string,
  ) {
    this.enqueued = model.counter('warren.tasks.enqueued').with(queue, task);
    this.completed = model.counter('warren.tasks.completed').with(queue, task);
    this.latency = model.histogram('warren.task.queue.latency').with(queue, task);
  }

  ran(outcome: AttemptOutcome, durationMs: number): void {
    this.ranMs += Math.max(0, durationMs);
    this.#histogram(this.#run, 'warren.task.run.duration', outcome).observe(durationMs / 1000);
  }

  /** The task is over, whichever way. */
  over(outcome: AttemptOutcome, sinceEnqueuedMs: number | undefined): void {
    if (sinceEnqueuedMs === undefined) return;
    this.#histogram(this.#endToEnd, 'warren.task.end_to_end.duration', outcome).observe(sinceEnqueuedMs / 1000);
  }

  #histogram(
    known: Map<AttemptOutcome, Histogram>,
    name: 'warren.task.run.duration' | 'warren.task.end_to_end.duration',
    outcome: AttemptOutcome,
  ): Histogram {
    const existing = known.get(outcome);
    if (existing !== undefined) return existing;
    const histogram = this.model.histogram(name).with(this.queue, this.task, outcome);
    known.set(outcome, histogram);
    return histogram;
  }
}

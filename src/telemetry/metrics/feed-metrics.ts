import type { QueueSlots, TelemetryEvents } from '../../events/telemetry';
import { BusyTime } from './busy-time';
import { ConnectionTimes } from './connection-times';
import type { MetricsModel } from './metrics-model';
import { type AttemptOutcome, TaskMeters } from './task-meters';

export interface FeedOptions {
  readonly model: MetricsModel;
  readonly events: TelemetryEvents;
  /** Tasks that this app runs: a message can name any, and no sender may make series. */
  readonly isKnownTask: (task: string) => boolean;
  /** Told of each task that starts, when it was ready; milliseconds since 1970. */
  readonly onStarted: (queue: string, readyAt: number) => void;
  /** The queues that this app runs tasks of. */
  readonly slots: () => readonly QueueSlots[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What feeds the metrics of one app. */
export interface Feed {
  /** Brings what grows with time up to now. */
  update(): void;
  stop(): void;
}

interface Ended {
  readonly task: string | undefined;
  readonly queue: string;
  readonly durationMs: number;
  readonly sinceEnqueuedMs: number | undefined;
}

/** The label of messages that no task is known for. */
export const UNKNOWN_TASK = 'unknown';

/** Counts what an app's events tell. */
export function feedMetrics(options: FeedOptions): Feed {
  const { model, events } = options;
  const meters = new Meters(options);
  const connections = new ConnectionTimes(model, () => performance.now());
  const busy = new BusyTime(model);
  const offs = [...feedTasks(options, meters), ...feedEnds(options, meters), ...feedPublishing(options)];
  offs.push(events.on('connection:changed', ({ name, state }) => connections.changed(name, state)));
  const update = (): void => {
    connections.update();
    for (const { queue, runningMs } of options.slots()) busy.update(queue, meters.ranMs(queue) + runningMs);
  };
  return {
    update,
    stop: () => {
      // For the last collection, which comes when nothing of the app is read any more.
      update();
      for (const off of offs) off();
    },
  };
}

/** Meters by queue and task. Two maps cost less than a key that is put together for every message. */
class Meters {
  readonly #byQueue = new Map<string, Map<string, TaskMeters>>();
  #last: { readonly queue: string; readonly task: string | undefined; readonly meters: TaskMeters } | undefined;

  constructor(private readonly options: FeedOptions) {}

  /** Of a message that came: its task may be anybody's. */
  received({ queue, task }: { readonly queue: string; readonly task: string | undefined }): TaskMeters {
    // One message tells several events, and the next one is often of the same task.
    const last = this.#last;
    if (last !== undefined && last.task === task && last.queue === queue) return last.meters;
    const meters = this.of(queue, task !== undefined && this.options.isKnownTask(task) ? task : UNKNOWN_TASK);
    this.#last = { queue, task, meters };
    return meters;
  }

  /** What all attempts of a queue took that have ended, in milliseconds. */
  ranMs(queue: string): number {
    let sum = 0;
    for (const { ranMs } of this.#byQueue.get(queue)?.values() ?? []) sum += ranMs;
    return sum;
  }

  of(queue: string, task: string): TaskMeters {
    const tasks = this.#byQueue.get(queue) ?? new Map<string, TaskMeters>();
    this.#byQueue.set(queue, tasks);
    const meters = tasks.get(task) ?? new TaskMeters(this.options.model, queue, task);
    tasks.set(task, meters);
    return meters;
  }
}

function feedTasks({ model, events, onStarted, now }: FeedOptions, meters: Meters): (() => void)[] {
  const count =
    (name: Parameters<MetricsModel['counter']>[0]) =>
    (event: { readonly task: string | undefined; readonly queue: string }): void => {
      const { queue, task } = meters.received(event);
      model.counter(name).with(queue, task).add();
    };
  return [
    events.on('task:enqueued', ({ queue, task }) => meters.of(queue, task ?? UNKNOWN_TASK).enqueued.add()),
    events.on('enqueue:failed', ({ queue, task, error }) =>
      model
        .counter('warren.tasks.enqueue_failed')
        .with(queue, task, error.code ?? 'other')
        .add(),
    ),
    events.on('task:started', (event) => {
      if (event.waitedMs === undefined) return;
      meters.received(event).latency.observe(event.waitedMs / 1000);
      onStarted(event.queue, now() - event.waitedMs);
    }),
    events.on('task:timed-out', count('warren.tasks.timed_out')),
    events.on('task:overdue', count('warren.tasks.overdue')),
    events.on('task:isolated', count('warren.tasks.isolated')),
    events.on('settlement:failed', count('warren.tasks.settlements_failed')),
  ];
}

function feedEnds({ model, events }: FeedOptions, meters: Meters): (() => void)[] {
  const ended = (outcome: AttemptOutcome, event: Ended): TaskMeters => {
    const own = meters.received(event);
    own.ran(outcome, event.durationMs);
    return own;
  };
  const count = (name: Parameters<MetricsModel['counter']>[0], { queue, task }: TaskMeters): void =>
    model.counter(name).with(queue, task).add();
  return [
    events.on('task:completed', (event) => {
      const own = ended('completed', event);
      own.completed.add();
      own.over('completed', event.sinceEnqueuedMs);
    }),
    events.on('task:retried', (event) => count('warren.tasks.retried', ended('retried', event))),
    events.on('task:snoozed', (event) => count('warren.tasks.snoozed', ended('snoozed', event))),
    events.on('task:interrupted', (event) => count('warren.tasks.interrupted', ended('interrupted', event))),
    events.on('task:discarded', (event) => {
      const own = ended('discarded', event);
      count('warren.tasks.discarded', own);
      own.over('discarded', event.sinceEnqueuedMs);
    }),
    events.on('task:dead-lettered', (event) => {
      const own = ended('dead_lettered', event);
      model.counter('warren.tasks.dead_lettered').with(own.queue, own.task, event.reason).add();
      if (event.reason === 'crash-loop') count('warren.tasks.crash_looped', own);
      own.over('dead_lettered', event.sinceEnqueuedMs);
    }),
  ];
}

function feedPublishing({ model, events }: FeedOptions): (() => void)[] {
  const confirms = model.histogram('warren.publish.confirm.duration').with();
  const returns = model.counter('warren.publish.returns').with();
  return [
    events.on('publish:confirmed', ({ durationMs }) => confirms.observe(durationMs / 1000)),
    events.on('publish:failed', ({ error }) => {
      model
        .counter('warren.publish.failures')
        .with(error.code ?? 'other')
        .add();
      if (error.code === 'UNROUTABLE') returns.add();
    }),
  ];
}

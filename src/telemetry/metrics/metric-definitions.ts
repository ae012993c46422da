/** What one metric is. `docs/look-up/metrics.md` is held against this by a test. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** As OpenTelemetry writes units: `s`, `1` for a share, `{task}` for what is counted. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const TASK = ['queue', 'task'];
const OUTCOME = ['queue', 'task', 'outcome'];

const counter = (unit: string, labels: readonly string[], help: string) =>
  ({ kind: 'counter', unit, labels, help }) as const;
const gauge = (unit: string, labels: readonly string[], help: string) =>
  ({ kind: 'gauge', unit, labels, help }) as const;
const histogram = (labels: readonly string[], help: string) =>
  ({ kind: 'histogram', unit: 's', labels, help }) as const;

/** Every metric, by its OpenTelemetry name. */
export const METRICS = Object.freeze({
  'warren.tasks.enqueued': counter('{task}', TASK, 'Tasks that the broker has confirmed.'),
  'warren.tasks.enqueue_failed': counter(
    '{task}',
    [...TASK, 'error'],
    'Tasks that could not be enqueued, by error code.',
  ),
  'warren.tasks.completed': counter('{task}', TASK, 'Tasks that succeeded.'),
  'warren.tasks.retried': counter('{task}', TASK, 'Attempts that failed and are made again.'),
  'warren.tasks.dead_lettered': counter('{task}', [...TASK, 'reason'], 'Tasks moved to a dead-letter queue.'),
  'warren.tasks.snoozed': counter('{task}', TASK, 'Attempts that asked to come back later.'),
  'warren.tasks.discarded': counter('{task}', TASK, 'Tasks of which nothing was left to do.'),
  'warren.tasks.interrupted': counter('{task}', TASK, 'Attempts given back since their worker stopped.'),
  'warren.tasks.timed_out': counter('{task}', TASK, 'Attempts that outlived their timeout.'),
  'warren.tasks.overdue': counter('{task}', TASK, 'Handlers that ignore their timeout and run on.'),
  'warren.tasks.isolated': counter('{task}', TASK, 'Tasks that were out too often when a worker died, and run alone.'),
  'warren.tasks.crash_looped': counter('{task}', TASK, 'Tasks given up since workers died over them.'),
  'warren.tasks.settlements_failed': counter(
    '{task}',
    TASK,
    'Retry or dead-letter copies that could not be published.',
  ),
  'warren.task.run.duration': histogram(OUTCOME, 'How long attempts ran.'),
  'warren.task.queue.latency': histogram(TASK, 'How long tasks were ready before an attempt started.'),
  'warren.task.end_to_end.duration': histogram(OUTCOME, 'How long tasks took, from being enqueued to their end.'),
  'warren.tasks.running': gauge('{task}', ['queue'], 'Attempts that run now.'),
  'warren.worker.slots': gauge('{slot}', ['queue'], 'Attempts that may run at the same time.'),
  'warren.worker.slots.free': gauge('{slot}', ['queue'], 'Attempts that could begin now.'),
  'warren.worker.utilization': gauge(
    '1',
    ['queue'],
    'Taken slots by slots; above 1 where handlers ignore their timeouts.',
  ),
  'warren.worker.busy_time': counter('s', ['queue'], 'Time that attempts took, those that still run included.'),
  'warren.publish.confirm.duration': histogram([], 'How long the broker took to confirm a message.'),
  'warren.publish.failures': counter('{message}', ['error'], 'Messages that were not confirmed, by error code.'),
  'warren.publish.returns': counter('{message}', [], 'Messages that no queue wanted.'),
  'warren.connection.blocked_time': counter('s', ['connection'], 'Time in which the broker held back publishers.'),
  'warren.connection.reconnects': counter('{connection}', ['connection'], 'Times that a lost connection came back.'),
  'warren.event_loop.delay': gauge(
    's',
    ['percentile'],
    'How late the event loop ran its timers, of the last ten seconds.',
  ),
  'warren.clock.skew': gauge('s', ['clocks'], 'How far one clock is ahead of another, as last proved.'),
  'warren.queue.depth': gauge('{task}', ['queue'], 'Tasks that are ready in the queue.'),
  'warren.queue.consumers': gauge('{consumer}', ['queue'], 'Consumers of the queue, in all processes.'),
  'warren.queue.dead_letters': gauge('{task}', ['queue'], 'Dead letters of the queue.'),
  'warren.queue.oldest.age': gauge('s', ['queue'], 'How long the oldest ready task has waited, at most.'),
  'warren.delay.unrouted': gauge('{task}', [], 'Delayed tasks whose home queue was gone.'),
} satisfies Record<string, MetricDefinition>);

export type MetricName = keyof typeof METRICS;

type NamesOf<K> = { [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never }[MetricName];
export type CounterName = NamesOf<'counter'>;
export type GaugeName = NamesOf<'gauge'>;
export type HistogramName = NamesOf<'histogram'>;

export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

/**
 * Upper ends of the histograms' buckets, in seconds. A task may take milliseconds or half an hour; a confirm that takes
 * longer than a few seconds is in trouble, whatever its exact time.
 */
export const TASK_BUCKETS: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1_800, 3_600,
]);
export const CONFIRM_BUCKETS: readonly number[] = Object.freeze([
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15,
]);

export const bucketsOf = (name: HistogramName): readonly number[] =>
  name === 'warren.publish.confirm.duration' ? CONFIRM_BUCKETS : TASK_BUCKETS;

/** Whether it grows while nothing happens, so that it has to be brought up to now before it is read. */
export const growsWithTime = (name: MetricName): boolean =>
  METRICS[name].kind === 'counter' && METRICS[name].unit === 's';

/** The same name in Prometheus, as OpenTelemetry's collector would write it: the unit and `_total` behind it. */
export function prometheusName(name: MetricName): string {
  const { kind, unit } = METRICS[name];
  const base = name.replaceAll('.', '_');
  const seconds = unit === 's' ? '_seconds' : '';
  const ratio = unit === '1' && kind === 'gauge' ? '_ratio' : '';
  return `${base}${seconds}${ratio}${kind === 'counter' ? '_total' : ''}`;
}

import type { ClockPair } from '../../events/task-events';
import type { ObservedApp, QueueSlots } from '../../events/telemetry';
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../settlement/outcome';
import { feedMetrics } from './feed-metrics';
import { LoopDelay } from './loop-delay';
import type { CounterName, GaugeName } from './metric-definitions';
import type { GaugeValues, MetricsModel } from './metrics-model';
import { type QueueReadings, QueueWatch } from './queue-watch';

/** What is counted of one app. */
export interface ObservedMetrics {
  /** Before it is exported. */
  update(): void;
  stop(): void;
}

/** Why Warren itself moves a message to the dead letters. */
const BROKER_REASONS: readonly DeadLetterReason[] = ['delivery-limit', 'overflow', 'rejected'];
const OWN_REASONS = DEAD_LETTER_REASONS.filter((reason) => !BROKER_REASONS.includes(reason));

/** Feeds the model with what one app tells, and lets it read what the app is. */
export function observeMetrics(model: MetricsModel, app: ObservedApp): ObservedMetrics {
  const { events, now, tasks } = app;
  const known = new Set(tasks.map(({ name }) => name));
  const watch = new QueueWatch({ queues: app.queues, stateOf: app.queueState, now });
  const feed = feedMetrics({
    model,
    events,
    now,
    slots: app.slots,
    isKnownTask: (task) => known.has(task),
    onStarted: (queue, readyAt) => watch.started(queue, readyAt),
  });
  // In an app that runs tasks: a counter that begins at its first count hides that from `rate()`.
  const off = events.on('worker:started', ({ queues }) =>
    beginAtZero(
      model,
      tasks.filter(({ queue }) => queues.includes(queue)),
    ),
  );
  const loop = new LoopDelay();
  const removers = [
    ...readSlots(model, app.slots),
    ...readQueues(model, watch),
    readLoop(model, loop),
    ...readSkew(model, events),
  ];
  return {
    update: () => feed.update(),
    stop: () => {
      off();
      feed.stop();
      loop.stop();
      for (const remove of removers) remove();
    },
  };
}

/** Of a worker's tasks; what is enqueued is counted where it is enqueued. */
const PER_TASK: readonly CounterName[] = [
  'warren.tasks.completed',
  'warren.tasks.retried',
  'warren.tasks.snoozed',
  'warren.tasks.discarded',
  'warren.tasks.interrupted',
  'warren.tasks.timed_out',
  'warren.tasks.overdue',
  'warren.tasks.isolated',
  'warren.tasks.crash_looped',
  'warren.tasks.settlements_failed',
];

function beginAtZero(model: MetricsModel, tasks: ObservedApp['tasks']): void {
  for (const { name, queue } of tasks) {
    for (const counter of PER_TASK) model.counter(counter).with(queue, name);
    for (const reason of OWN_REASONS) model.counter('warren.tasks.dead_lettered').with(queue, name, reason);
  }
}

function readSlots(model: MetricsModel, slots: () => readonly QueueSlots[]): (() => void)[] {
  const each = (name: GaugeName, value: (queue: QueueSlots) => number) =>
    model.addReader(name, () => slots().map((queue) => ({ labels: [queue.queue], value: value(queue) })));
  return [
    each('warren.tasks.running', ({ running }) => running),
    each('warren.worker.slots', (queue) => queue.slots),
    each('warren.worker.slots.free', (queue) => Math.max(0, queue.slots - queue.running)),
    each('warren.worker.utilization', (queue) => queue.running / queue.slots),
  ];
}

function readQueues(model: MetricsModel, watch: QueueWatch): (() => void)[] {
  const each = (name: GaugeName, value: (queue: QueueReadings['queues'][number]) => number | undefined) =>
    model.addReader(name, async () => {
      const { queues } = await watch.read();
      return queues.flatMap((reading) => gaugeValue([reading.queue], value(reading)));
    });
  return [
    each('warren.queue.depth', ({ state }) => state?.ready),
    each('warren.queue.consumers', ({ state }) => state?.consumers),
    each('warren.queue.dead_letters', ({ dead }) => dead?.ready),
    each('warren.queue.oldest.age', ({ oldestAgeMs }) => (oldestAgeMs === undefined ? undefined : oldestAgeMs / 1000)),
    model.addReader('warren.delay.unrouted', async () => gaugeValue([], (await watch.read()).unrouted?.ready)),
  ];
}

const readLoop = (model: MetricsModel, loop: LoopDelay): (() => void) =>
  model.addReader('warren.event_loop.delay', () => loop.read());

/** Nothing before a difference is known. */
function readSkew(model: MetricsModel, events: ObservedApp['events']): (() => void)[] {
  const known = new Map<ClockPair, number>();
  return [
    events.on('clock:skewed', ({ clocks, aheadMs }) => void known.set(clocks, aheadMs / 1000)),
    model.addReader('warren.clock.skew', () => [...known].map(([clocks, value]) => ({ labels: [clocks], value }))),
  ];
}

const gaugeValue = (labels: readonly string[], value: number | undefined): GaugeValues =>
  value === undefined ? [] : [{ labels, value }];

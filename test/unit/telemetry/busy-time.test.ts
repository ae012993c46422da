import { EventBus } from '../../../src/events/event-bus';
import { BusyTime } from '../../../src/telemetry/metrics/busy-time';
import { feedMetrics } from '../../../src/telemetry/metrics/feed-metrics';
import { MetricsModel } from '../../../src/telemetry/metrics/metrics-model';

const counted = (totals: readonly number[]): readonly number[] => {
  const model = new MetricsModel();
  const busy = new BusyTime(model);
  return totals.map((total) => {
    busy.update('emails', total);
    return model.counter('warren.worker.busy_time').with('emails').value;
  });
};

it.each<[string, readonly number[], readonly number[]]>([
  ['begins at zero', [0], [0]],
  ['grows with what runs and what has run', [500, 2_000, 2_000], [0.5, 2, 2]],
  ['counts nothing twice while what has ended is not told of yet', [60_000, 1_000, 61_000], [60, 60, 61]],
])('%s', (_label, totals, expected) => {
  expect(counted(totals)).toEqual(expected);
});

it('adds up what several apps of one process take', () => {
  const model = new MetricsModel();
  const [one, other] = [new BusyTime(model), new BusyTime(model)];
  one.update('emails', 1_000);
  other.update('emails', 2_000);
  one.update('emails', 1_500);
  expect(model.counter('warren.worker.busy_time').with('emails').value).toBe(3.5);
});

it('counts until the app stops, after which nothing is asked of it', () => {
  const model = new MetricsModel();
  const slots = [{ queue: 'emails', slots: 2, running: 2, runningMs: 4_000 }];
  const nothing = () => undefined;
  const parts = { model, events: new EventBus(), isKnownTask: () => true, onStarted: nothing, now: () => 0 };
  feedMetrics({ ...parts, slots: () => slots }).stop();
  expect(model.counter('warren.worker.busy_time').with('emails').value).toBe(4);
});

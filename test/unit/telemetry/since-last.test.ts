import {
  type CountedMetric,
  CUMULATIVE,
  DELTA,
  DOUBLE,
  HISTOGRAM,
  type Instant,
  SUM,
} from '../../../src/telemetry/metrics/produced-metrics';
import { SinceLast } from '../../../src/telemetry/metrics/since-last';

const BEGIN: Instant = [100, 0];
const described = (name: string) => ({
  descriptor: { name, description: '', unit: 's', valueType: DOUBLE as 1 },
  aggregationTemporality: CUMULATIVE as 1,
});
const times = (endTime: Instant) => ({ startTime: BEGIN, endTime });

const sums = (name: string, endTime: Instant, values: Record<string, number>): CountedMetric => ({
  ...described(name),
  dataPointType: SUM,
  isMonotonic: true,
  dataPoints: Object.entries(values).map(([queue, value]) => ({ ...times(endTime), attributes: { queue }, value })),
});
const histogram = (endTime: Instant, counts: number[], sum: number): CountedMetric => ({
  ...described('duration'),
  dataPointType: HISTOGRAM,
  dataPoints: [
    {
      ...times(endTime),
      attributes: {},
      value: { buckets: { boundaries: [1, 2], counts }, sum, count: counts.reduce((all, count) => all + count, 0) },
    },
  ],
});

it('takes from each series what it had the last time, and begins where that ended', () => {
  const sinceLast = new SinceLast();
  const values = (at: Instant, metrics: readonly CountedMetric[]) =>
    sinceLast
      .take(metrics, at)
      .map((metric) => [
        metric.descriptor.name,
        metric.aggregationTemporality,
        ...metric.dataPoints.map(({ startTime, endTime, attributes, value }) => [
          startTime,
          endTime,
          attributes,
          value,
        ]),
      ]);
  const [first, second, third]: Instant[] = [
    [110, 0],
    [120, 0],
    [130, 0],
  ];
  expect(values(first as Instant, [sums('runs', first as Instant, { emails: 5 })])).toEqual([
    ['runs', DELTA, [BEGIN, first, { queue: 'emails' }, 5]],
  ]);
  // Another metric with the same labels is another series, and so is another queue.
  const more = [
    sums('runs', second as Instant, { emails: 7, reports: 3 }),
    sums('ends', second as Instant, { emails: 1 }),
  ];
  expect(values(second as Instant, more)).toEqual([
    ['runs', DELTA, [first, second, { queue: 'emails' }, 2], [first, second, { queue: 'reports' }, 3]],
    ['ends', DELTA, [first, second, { queue: 'emails' }, 1]],
  ]);
  expect(values(third as Instant, [sums('runs', third as Instant, { emails: 7 })])).toEqual([
    ['runs', DELTA, [second, third, { queue: 'emails' }, 0]],
  ]);
});

it('takes buckets, sum and count of a histogram, and tells none to which nothing was added', () => {
  const sinceLast = new SinceLast();
  sinceLast.take([histogram([110, 0], [1, 0, 2], 9)], [110, 0]);
  const [second] = sinceLast.take([histogram([120, 0], [1, 4, 3], 20)], [120, 0]);
  expect(second?.dataPoints[0]?.value).toEqual({
    buckets: { boundaries: [1, 2], counts: [0, 4, 1] },
    sum: 11,
    count: 5,
  });
  expect(sinceLast.take([histogram([130, 0], [1, 4, 3], 20)], [130, 0])).toEqual([]);
});

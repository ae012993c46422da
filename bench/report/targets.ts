import { figuresIn, type Results, type Selection } from '../results/results';
import type { FigureName } from '../results/sample';
import { ratioOf, type Spread, spreadOf } from '../statistics';
import { digits, times } from './figures';

/** What is to be reached, and how it is taken from the results. */
export interface Target {
  readonly work: string;
  readonly against: string;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
  readonly format: (value: number) => string;
  /** `undefined` where it was not measured. */
  readonly measuredIn: (results: Results) => Spread | undefined;
}

export interface Verdict {
  readonly target: Target;
  readonly measured: Spread | undefined;
  /** By the median; `undefined` where it was not measured. */
  readonly isMet: boolean | undefined;
}

export const judge = (results: Results): readonly Verdict[] => TARGETS.map((target) => verdictOf(target, results));

function verdictOf(target: Target, results: Results): Verdict {
  const measured = target.measuredIn(results);
  if (measured === undefined) return { target, measured, isMet: undefined };
  const { bound, limit } = target;
  return { target, measured, isMet: bound === 'at least' ? measured.median >= limit : measured.median <= limit };
}

const consumed = (contender: Selection['contender'], figure: FigureName = 'perSecond'): Selection => ({
  section: 'throughput',
  work: 'consume',
  contender,
  figure,
});

const observed = (contender: Selection['contender'], work: 'enqueue' | 'consume'): Selection => ({
  section: 'telemetry',
  work,
  contender,
  figure: 'perSecond',
});

const enqueued = (contender: Selection['contender'], work: 'enqueue' | 'enqueueMany' = 'enqueue'): Selection => ({
  section: 'throughput',
  work,
  contender,
  figure: 'perSecond',
});

const delayed = (contender: Selection['contender'], figure: FigureName): Selection => ({
  section: 'latency',
  work: 'latency',
  contender,
  figure,
});

const remembered = (figure: FigureName): Selection => ({
  section: 'memory',
  work: 'consume',
  contender: 'warren',
  figure,
  // A million, unless the counts were scaled.
  at: 'anywhere',
});

const started = (work: Selection['work'], figure: FigureName = 'seconds'): Selection => ({
  section: 'start-up',
  work,
  contender: 'warren',
  figure,
});

const retried = (work: 'retries' | 'hops'): Selection => ({
  section: 'retries',
  work,
  contender: 'warren',
  figure: 'perSecond',
});

const CONSUMING = 'consume a backlog of tasks that do nothing, prefetch 100';
const LATENCY = 'from enqueue to start at half the saturated rate';
const STARTING = 'start-up, 100 queues and 500 tasks';
const seconds = (value: number) => `${digits(value)} s`;
const percent = (value: number) => `${digits(value)} %`;

/** In the order in which they were set. */
export const TARGETS: readonly Target[] = [
  compare(CONSUMING, 'amqplib by hand', 'at least', 1.3, consumed('warren'), consumed('amqplib')),
  compare(CONSUMING, 'golevelup nestjs-rabbitmq', 'at least', 1.3, consumed('warren'), consumed('golevelup')),
  compare(CONSUMING, "Nest's RMQ transport", 'at least', 3, consumed('warren'), consumed('nest-rmq')),
  compare(CONSUMING, 'BullMQ on Redis', 'at least', 2, consumed('warren'), consumed('bullmq')),
  compare(
    'enqueue awaited, 1,000 in flight',
    'amqplib by hand',
    'at least',
    1,
    enqueued('warren'),
    enqueued('amqplib'),
  ),
  compare(
    'enqueueMany in thousands',
    'the same',
    'at least',
    1.2,
    enqueued('warren', 'enqueueMany'),
    enqueued('amqplib'),
  ),
  compare(
    'client CPU for a consumed task',
    'amqplib by hand',
    'at most',
    0.8,
    consumed('warren', 'cpuMicros'),
    consumed('amqplib', 'cpuMicros'),
  ),
  compare(
    `${LATENCY}, p50`,
    'amqplib by hand',
    'at most',
    1.1,
    delayed('warren', 'p50Millis'),
    delayed('amqplib', 'p50Millis'),
  ),
  compare(
    `${LATENCY}, p99`,
    'amqplib by hand',
    'at most',
    1.1,
    delayed('warren', 'p99Millis'),
    delayed('amqplib', 'p99Millis'),
  ),
  compare(
    'resident memory over 1,000,000 tasks',
    'itself after the first 100,000',
    'at most',
    1.1,
    remembered('rssHighestMiB'),
    remembered('rssAtTenthMiB'),
  ),
  compare(
    '100,000 tasks that fail once, retried after 1 s',
    'hops of the delay ladder',
    'at least',
    0.8,
    retried('retries'),
    retried('hops'),
  ),
  absolute(`${STARTING}, topology present`, 1, seconds, started('startUpPresent')),
  absolute(`${STARTING}, topology absent`, 5, seconds, started('startUpAbsent')),
  absolute('idling with 100 queues, of one core', 1, percent, started('idle', 'cpuPercent')),
  ...observedAtLeast('prometheus', 'Prometheus metrics', 0.95),
  ...observedAtLeast('metrics', 'OpenTelemetry metrics', 0.95),
  ...observedAtLeast('producer', 'OpenTelemetry metrics by a producer', 0.95),
  ...observedAtLeast('traces', 'traces, 1 % sampled', 0.9),
];

/** What telemetry may cost, on both sides. */
function observedAtLeast(contender: Selection['contender'], what: string, limit: number): readonly Target[] {
  return [
    compare(
      `consume with ${what}`,
      'without',
      'at least',
      limit,
      observed(contender, 'consume'),
      observed('warren', 'consume'),
    ),
    compare(
      `enqueue with ${what}`,
      'without',
      'at least',
      limit,
      observed(contender, 'enqueue'),
      observed('warren', 'enqueue'),
    ),
  ];
}

function compare(
  work: string,
  against: string,
  bound: Target['bound'],
  limit: number,
  one: Selection,
  other: Selection,
): Target {
  const measuredIn = (results: Results): Spread | undefined => {
    const values = figuresIn(results, one);
    const others = figuresIn(results, other);
    return values.length === 0 || others.length === 0 ? undefined : ratioOf(values, others);
  };
  return { work, against, bound, limit, format: times, measuredIn };
}

function absolute(work: string, limit: number, format: Target['format'], what: Selection): Target {
  const measuredIn = (results: Results): Spread | undefined => {
    const values = figuresIn(results, what);
    return values.length === 0 ? undefined : spreadOf(values);
  };
  return { work, against: '', bound: 'at most', limit, format, measuredIn };
}

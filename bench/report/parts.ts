import type { Results } from '../results/results';
import type { SectionName } from '../sections/section';
import { type Spread, spreadOf } from '../statistics';
import { digits, whole } from './figures';
import { describeBends, type GrownWork, growthOf } from './growth';
import {
  type GrowthPoint,
  growthTable,
  latencyTable,
  singleTable,
  type TableData,
  type ThroughputWork,
  targetTable,
  throughputLines,
  throughputTable,
} from './table-data';
import type { Verdict } from './targets';

/** How something grows along an axis. */
export interface LineChart {
  readonly kind: 'lines';
  /** Its file, without ending. */
  readonly name: string;
  readonly axis: string;
  readonly lines: readonly { readonly label: string; readonly points: readonly GrowthPoint[] }[];
}

/** The same of several, the first of which is Warren. */
export interface BarChart {
  readonly kind: 'bars';
  readonly name: string;
  readonly axis: string;
  readonly bars: readonly { readonly label: string; readonly spread: Spread }[];
}

/** A heading of the page with what belongs under it. */
export interface Part {
  readonly title: string;
  readonly tables: readonly TableData[];
  readonly charts?: readonly (LineChart | BarChart)[];
  /** Sentences from the figures. */
  readonly findings?: readonly string[];
  /** What is behind it, which figures do not tell. */
  readonly why?: string;
}

/** All that is told, in its order. Parts that were not measured are not there. */
export function pageParts(results: Results, verdicts: readonly Verdict[]): readonly Part[] {
  const parts: readonly Part[] = [
    part('Targets', [targetTable(verdicts)]),
    {
      ...part(
        'Enqueue and consume',
        THROUGHPUTS.map((work) => throughputTable(results, work)),
      ),
      charts: THROUGHPUTS.map((work) => throughputChart(results, work)).filter(({ bars }) => bars.length > 1),
      why: THROUGHPUT_WHY,
    },
    part('From enqueue to start', [latencyTable(results)]),
    part('Retries', [singleTable(results, 'retries', RETRY_LINES, whole)]),
    part('Start-up and idling', [singleTable(results, 'start-up', START_LINES, digits)]),
    part('Validation', [singleTable(results, 'validation', VALIDATION_LINES, digits)]),
    {
      ...part('Telemetry', [
        throughputTable(results, 'enqueue', 'telemetry'),
        throughputTable(results, 'consume', 'telemetry'),
      ]),
      why: TELEMETRY_WHY,
    },
    ...GROWTHS.map((growth) => growthPart(results, growth)),
  ];
  return parts.filter(({ tables }) => tables.length > 0);
}

const part = (title: string, tables: readonly (TableData | undefined)[]): Part => ({
  title,
  tables: tables.filter((table) => table !== undefined && table.rows.length > 0) as readonly TableData[],
});

const THROUGHPUTS: readonly ThroughputWork[] = ['enqueue', 'enqueueMany', 'consume'];

function throughputChart(results: Results, work: ThroughputWork): BarChart {
  const bars = throughputLines(results, work).map(({ label, perSecond }) => ({ label, spread: spreadOf(perSecond) }));
  return { kind: 'bars', name: work.toLowerCase(), axis: `${work}, messages/s (median and spread)`, bars };
}

const THROUGHPUT_WHY =
  'Of the time of a message, the broker takes three quarters and more: it is what all contenders share, and what bounds how far apart they can be. A message that tells its task, id, sender and time costs the broker a tenth more than one that does not ("messages like ours"), whoever sends it; one acknowledgement for many deliveries costs it much less than one each. [How far a client can get](performance.md#what-the-broker-leaves).';

const TELEMETRY_WHY =
  'Metrics count in memory, and what is on top is the events that tell what to count. OpenTelemetry by its API takes three values a task one by one. Traces ask the SDK for a span of every message, also of those that it does not sample, and each message carries their context in a header, which its attempt runs in. What they take is the same for a task that does nothing as for one that does something, and here they all do nothing.';

const RETRY_LINES = [
  { label: 'tasks that fail once and succeed after 1 s, tasks/s', work: 'retries', figure: 'perSecond' },
  { label: 'one hop of the delay ladder, nothing else at work, messages/s', work: 'hops', figure: 'perSecond' },
] as const;

const START_LINES = [
  { label: '100 queues, 500 tasks, topology present, s', work: 'startUpPresent', figure: 'seconds' },
  { label: 'the same, topology absent (the delay ladder too), s', work: 'startUpAbsent', figure: 'seconds' },
  { label: 'idling with 100 queues, % of a core', work: 'idle', figure: 'cpuPercent' },
] as const;

const VALIDATION_LINES = [
  { label: 'five fields, Warren, CPU µs/payload', work: 'validateFlat', figure: 'cpuMicros' },
  { label: 'the same, class-transformer and class-validator', work: 'validateFlatByLibraries', figure: 'cpuMicros' },
  { label: 'a field and three nested objects of two, Warren', work: 'validateNested', figure: 'cpuMicros' },
  { label: 'the same, class-transformer and class-validator', work: 'validateNestedByLibraries', figure: 'cpuMicros' },
] as const;

interface Growth {
  readonly name: string;
  readonly title: string;
  readonly sections: readonly SectionName[];
  readonly work: GrownWork;
  readonly axis: string;
  readonly why: string;
}

const GROWTHS: readonly Growth[] = [
  {
    name: 'backlog',
    title: 'Consume: length of the backlog',
    sections: ['backlog', 'memory'],
    work: 'consume',
    axis: 'tasks in the backlog',
    why: 'A client sees no more of a backlog than its prefetch, so what grows with the backlog is on the broker. A thousand tasks are over before V8 has compiled the code that handles them: that is their CPU time, by hand and here.',
  },
  {
    name: 'concurrency',
    title: 'Consume: concurrency',
    sections: ['concurrency'],
    work: 'consume',
    axis: 'tasks at a time (and prefetch)',
    why: 'With one task at a time, every task waits for a round trip: its acknowledgement must reach the broker before the next delivery leaves it. With more at a time, broker and client have more to do at each turn: fewer and larger reads and writes on both sides, for code by hand, too.',
  },
  {
    name: 'queues',
    title: 'Consume: number of queues',
    sections: ['queues'],
    work: 'consume',
    axis: 'queues, which share the backlog',
    why: 'Each queue has a consumer with a prefetch of its own, and a quorum queue is a process and a log of its own on the broker: several share its cores better than one does, and acknowledgements of many queues cannot be coalesced into one.',
  },
  {
    name: 'payload-enqueue',
    title: 'Enqueue: size of the payload',
    sections: ['payload'],
    work: 'enqueue',
    axis: 'bytes of the payload',
    why: 'From some kilobytes on, the bytes are the work: JSON, UTF-8, the socket, and the disk of the broker. Up to 4 KiB Warren writes the frames itself (decision 006); larger messages take the way of amqplib. At any size Warren keeps a message until its confirm, to send it again should the connection be lost: a thousand large ones on their way are memory that code by hand, which would lose them, has free sooner.',
  },
  {
    name: 'payload-consume',
    title: 'Consume: size of the payload',
    sections: ['payload'],
    work: 'consume',
    axis: 'bytes of the payload',
    why: 'A delivery costs what its bytes cost: reading, one look over the body for its limits, decoding, parsing. By hand there is only decoding and parsing.',
  },
  {
    name: 'handlers',
    title: 'Consume: handlers that take time, 100 at a time',
    sections: ['handlers'],
    work: 'consume',
    axis: 'milliseconds that a handler waits',
    why: 'A hundred at a time can do 100,000, 10,000 and 1,000 tasks a second of 1, 10 and 100 ms. Where a client gets close to that, the handlers are the bound and no client can be faster.',
  },
];

function growthPart(results: Results, { name, title, sections, work, axis, why }: Growth): Part {
  const own = growthOf(results, sections, work, 'warren');
  const other = growthOf(results, sections, work, 'amqplib');
  if (own.length === 0) return { title, tables: [] };
  return {
    title,
    tables: [growthTable(axis, own, other)],
    charts: [
      {
        kind: 'lines',
        name,
        axis,
        lines: [
          { label: 'Warren', points: own },
          { label: 'amqplib by hand', points: other },
        ],
      },
    ],
    findings: [`Warren: ${describeBends(own)}`, `amqplib by hand: ${describeBends(other)}`],
    why,
  };
}

import type { Duplicates } from './duplicates';
import { FAULT_KINDS } from './fault-plan';
import type { Recovery } from './recovery';
import type { Verdict } from './verdict';

export interface SoakReport {
  readonly seed: number;
  readonly broker: string;
  readonly minutes: number;
  readonly faults: number;
  readonly verdict: Verdict;
  readonly recoveries: readonly Recovery[];
  /** What was waited for in vain, in words. */
  readonly unsettled: readonly string[];
  /** Processes that ended by no doing of the soak, with what they said. */
  readonly unexpectedEnds: readonly string[];
  readonly crashes: number;
  readonly slowestStopMs: number;
}

type Rows = readonly (readonly string[])[];

const MOST_SHOWN = 10;

/** Every promise that was broken, in words; empty when all were kept. */
export function brokenPromises({ verdict, recoveries, unsettled, unexpectedEnds }: SoakReport): readonly string[] {
  const { lost, unexpected, hotLoops, duplicates } = verdict;
  const never = recoveries.filter((recovery) => recovery.never > 0);
  const sent = verdict.sent - verdict.confirmed;
  return [
    ...some(lost, (index) => `lost: task ${index}`),
    ...unsettled.map((what) => `not settled: ${what}`),
    // Copies of tasks that have ended, unless a task is missing.
    ...(lost.length + unsettled.length > 0 ? heldMessages(verdict) : []),
    ...some(
      hotLoops,
      (loop) => `hot loop: task ${loop.index} began ${loop.begins} times in a second, ${loop.allowed} at most`,
    ),
    ...some(unexpected, ({ index, what }) => `unexpected: task ${index} ${what}`),
    ...some(never, ({ kind, never: count }) => `${count} times a worker completed nothing more after: ${kind}`),
    ...some(unexpectedEnds, (end) => `a process ended by itself: ${end}`),
    ...(sent > 0 ? [`${sent} tasks were never confirmed`] : []),
    ...(duplicates.unexplained > 0 ? [`${duplicates.unexplained} duplicates more than the losses explain`] : []),
  ];
}

export function formatReport(report: SoakReport): string {
  const broken = brokenPromises(report);
  return [
    `RabbitMQ ${report.broker}, ${report.minutes} min, ${report.faults} faults, seed ${report.seed}`,
    aligned(countRows(report)),
    aligned(duplicateRows(report.verdict.duplicates)),
    aligned(recoveryRows(report.recoveries)),
    ...unmadeFaults(report.recoveries),
    broken.length === 0 ? 'Every promise was kept.' : broken.join('\n'),
    '',
  ].join('\n\n');
}

const countRows = ({ verdict, crashes, slowestStopMs }: SoakReport): Rows => [
  ['sent', whole(verdict.sent)],
  ['confirmed', whole(verdict.confirmed)],
  ['completed', whole(verdict.completed)],
  ['discarded', whole(verdict.discarded)],
  ['dead-lettered', whole(verdict.deadLettered)],
  ['still queued', whole(verdict.queued)],
  ['held by the broker', whole(sum(Object.values(verdict.held)))],
  ['lost', whole(verdict.lost.length)],
  ['unexpected', whole(verdict.unexpected.length)],
  ['hot loops', whole(verdict.hotLoops.length)],
  ['enqueues repeated', whole(verdict.rejections)],
  ['crashed by a task', whole(crashes)],
  ['slowest SIGTERM', `${whole(slowestStopMs)} ms`],
];

const duplicateRows = ({ copies, distribution, workers, doubtfulPublishes, unexplained }: Duplicates): Rows => [
  ['duplicates', whole(copies), timesRun(distribution)],
  ...Object.entries(workers).map(([slot, worker]) => [
    `  first run by ${slot}`,
    whole(worker.copies),
    `${whole(worker.lostDeliveries)} at most by what it lost`,
  ]),
  ['  unexplained', whole(unexplained), `beyond that, ${whole(doubtfulPublishes)} may have been published twice`],
];

const timesRun = (distribution: Duplicates['distribution']): string =>
  Object.entries(distribution)
    .map(([times, tasks]) => `${whole(tasks)} tasks ${times} times`)
    .join(', ');

const recoveryRows = (recoveries: readonly Recovery[]): Rows => [
  ['recovery after', 'faults', 'p50 ms', 'p99 ms', 'max ms'],
  ...recoveries.map(({ kind, faults, p50Ms, p99Ms, maxMs }) => [
    kind,
    whole(faults),
    whole(p50Ms),
    whole(p99Ms),
    whole(maxMs),
  ]),
];

const heldMessages = ({ held }: Verdict): readonly string[] =>
  some(Object.entries(held), ([queue, count]) => `${count} messages are held in ${queue}`);

function unmadeFaults(recoveries: readonly Recovery[]): readonly string[] {
  const made = new Set(recoveries.map(({ kind }) => kind));
  const unmade = FAULT_KINDS.filter((kind) => !made.has(kind));
  return unmade.length === 0 ? [] : [`Too short for: ${unmade.join(', ')}.`];
}

function some<T>(items: readonly T[], say: (item: T) => string): readonly string[] {
  const rest = items.length - MOST_SHOWN;
  return [...items.slice(0, MOST_SHOWN).map(say), ...(rest > 0 ? [`… and ${rest} more like it`] : [])];
}

function aligned(rows: Rows): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

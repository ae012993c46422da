import type { Recovery } from './recovery';
import type { Verdict } from './verdict';

export interface SoakReport {
  readonly seed: number;
  readonly broker: string;
  readonly minutes: number;
  readonly faults: number;
  readonly verdict: Verdict;
  readonly recoveries: readonly Recovery[];
  /** Processes that ended by no doing of the soak, with what they said. */
  readonly unexpectedEnds: readonly string[];
  readonly crashes: number;
  readonly slowestStopMs: number;
}

const MOST_SHOWN = 10;

/** Every promise that was broken, in words; empty when all were kept. */
export function brokenPromises({ verdict, recoveries, unexpectedEnds }: SoakReport): readonly string[] {
  const { lost, unexpected, hotLoops, duplicates } = verdict;
  const never = recoveries.filter((recovery) => recovery.never > 0);
  const sent = verdict.sent - verdict.confirmed;
  return [
    ...some(lost, (index) => `lost: task ${index}`),
    ...some(
      hotLoops,
      (loop) => `hot loop: task ${loop.index} began ${loop.begins} times in a second, ${loop.allowed} at most`,
    ),
    ...some(unexpected, ({ index, what }) => `unexpected: task ${index} ${what}`),
    ...some(never, ({ kind, never: count }) => `${count} times a worker completed nothing more after: ${kind}`),
    ...some(Object.entries(verdict.held), ([queue, count]) => `${count} messages are held in ${queue}`),
    ...some(unexpectedEnds, (end) => `a process ended by itself: ${end}`),
    ...(sent > 0 ? [`${sent} tasks were never confirmed`] : []),
    ...(duplicates.runs > duplicates.atMost ? [`${duplicates.runs} duplicates, ${duplicates.atMost} at most`] : []),
  ];
}

export function formatReport(report: SoakReport): string {
  const { verdict, recoveries } = report;
  const { duplicates } = verdict;
  const distribution = Object.entries(duplicates.distribution).map(([times, tasks]) => `${times}×: ${whole(tasks)}`);
  const counts = [
    ['sent', whole(verdict.sent)],
    ['confirmed', whole(verdict.confirmed)],
    ['completed', whole(verdict.completed)],
    ['discarded', whole(verdict.discarded)],
    ['dead-lettered', whole(verdict.deadLettered)],
    ['still queued', whole(verdict.queued)],
    ['held by the broker', whole(sum(Object.values(verdict.held)))],
    ['lost', whole(verdict.lost.length)],
    ['unexpected', whole(verdict.unexpected.length)],
    [
      'duplicates',
      `${whole(duplicates.runs)} of at most ${whole(duplicates.atMost)} ${distribution.join(', ')}`.trim(),
    ],
    ['hot loops', whole(verdict.hotLoops.length)],
    ['enqueues repeated', whole(verdict.rejections)],
    ['crashed by a task', whole(report.crashes)],
    ['slowest SIGTERM', `${whole(report.slowestStopMs)} ms`],
  ];
  const rows = recoveries.map(({ kind, faults, p50Ms, p99Ms, maxMs }) =>
    [kind, faults, whole(p50Ms), whole(p99Ms), whole(maxMs)].map(String),
  );
  const broken = brokenPromises(report);
  return [
    `RabbitMQ ${report.broker}, ${report.minutes} min, ${report.faults} faults, seed ${report.seed}`,
    aligned(counts),
    aligned([['recovery after', 'faults', 'p50 ms', 'p99 ms', 'max ms'], ...rows]),
    broken.length === 0 ? 'Every promise was kept.' : broken.join('\n'),
    '',
  ].join('\n\n');
}

function some<T>(items: readonly T[], say: (item: T) => string): readonly string[] {
  const rest = items.length - MOST_SHOWN;
  return [...items.slice(0, MOST_SHOWN).map(say), ...(rest > 0 ? [`… and ${rest} more like it`] : [])];
}

function aligned(rows: readonly (readonly string[])[]): string {
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

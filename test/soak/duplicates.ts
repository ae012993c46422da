import type { Ledger, Run } from './ledger';

export interface Duplicates {
  /** Copies that ran, beside one of each task. */
  readonly copies: number;
  /** How many tasks ran one attempt so many times: `{ 2: 17 }`. */
  readonly distribution: Readonly<Record<number, number>>;
  /** By the worker that ran a task before it was run again. */
  readonly workers: Readonly<Record<string, WorkerDuplicates>>;
  /** Publishes that may have been stored twice. */
  readonly doubtfulPublishes: number;
  /** Copies that neither the losses of their workers nor doubtful publishes explain. */
  readonly unexplained: number;
}

export interface WorkerDuplicates {
  readonly copies: number;
  /** What it had in hand, at most, when it lost its connection, its channel or its life: prefetch × losses. */
  readonly lostDeliveries: number;
}

/** What ran more often than it had to, and whether that is more than what was lost explains. */
export function countDuplicates(ledger: Ledger): Duplicates {
  const distribution: Record<number, number> = {};
  const copies = new Map<string, number>();
  for (let index = 0; index < ledger.tasks; index++) {
    const repeated = repeatedBy(ledger.runsOf(index), ledger.snoozesOf(index));
    for (const slot of repeated) copies.set(slot, (copies.get(slot) ?? 0) + 1);
    const times = repeated.length + 1;
    if (times > 1) distribution[times] = (distribution[times] ?? 0) + 1;
  }
  const workers = [...copies]
    .toSorted()
    .map(([slot, count]) => [slot, { copies: count, lostDeliveries: ledger.lostDeliveriesOf(slot) }] as const);
  const beyond = workers.map(([, { copies: count, lostDeliveries }]) => Math.max(0, count - lostDeliveries));
  return {
    copies: sum(copies.values()),
    distribution,
    workers: Object.fromEntries(workers),
    doubtfulPublishes: ledger.doubtfulPublishes,
    unexplained: Math.max(0, sum(beyond) - ledger.doubtfulPublishes),
  };
}

/**
 * Who ran the task before each of the runs that were too many. Only its most repeated attempt counts, since a copy
 * brings all of its later attempts along; and each snooze allows one run more.
 */
export function repeatedBy(runs: readonly Run[], snoozes: number): readonly string[] {
  const attempts = [...new Set(runs.map(({ attempt }) => attempt))];
  const most = attempts
    .map((attempt) => runs.filter((run) => run.attempt === attempt))
    .reduce((a, b) => (b.length > a.length ? b : a), []);
  return most.slice(0, Math.max(0, most.length - 1 - snoozes)).map(({ slot }) => slot);
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

import { beginsAllowed, mostInOneSecond } from './hot-loops';
import type { Ledger, Run } from './ledger';
import type { Leftovers } from './leftovers';
import { destinyOf, type PlannedTask } from './task-plan';

/** What the ledger and the queues say together. */
export interface Verdict {
  readonly sent: number;
  readonly confirmed: number;
  /** Times that an `enqueue` rejected and was repeated. */
  readonly rejections: number;
  readonly completed: number;
  readonly discarded: number;
  readonly deadLettered: number;
  readonly queued: number;
  /** Messages that the broker counts and hands out to nobody, by queue. */
  readonly held: Readonly<Record<string, number>>;
  readonly foreign: number;
  /** Confirmed, and neither done nor in any queue. */
  readonly lost: readonly number[];
  /** Ended elsewhere than their handler says, with where. */
  readonly unexpected: readonly Unexpected[];
  readonly duplicates: Duplicates;
  readonly hotLoops: readonly HotLoop[];
}

export interface Unexpected {
  readonly index: number;
  readonly what: string;
}

export interface Duplicates {
  /** Runs that were one too many. */
  readonly runs: number;
  /** What the faults allow: deliveries and confirms that may have been lost. */
  readonly atMost: number;
  /** How many tasks ran one attempt so many times: `{ 2: 17 }`. */
  readonly distribution: Readonly<Record<number, number>>;
}

export interface HotLoop {
  readonly index: number;
  readonly begins: number;
  readonly allowed: number;
}

export function judge(ledger: Ledger, leftovers: Leftovers, planOf: (index: number) => PlannedTask): Verdict {
  const lost: number[] = [];
  const unexpected: Unexpected[] = [];
  const hotLoops: HotLoop[] = [];
  const distribution: Record<number, number> = {};
  for (let index = 0; index < ledger.tasks; index++) {
    const plan = planOf(index);
    if (isLost(ledger, leftovers, plan)) lost.push(index);
    const surprise = surpriseOf(ledger, leftovers, plan);
    if (surprise !== undefined) unexpected.push({ index, what: surprise });
    const runs = ledger.runsOf(index);
    const times = timesRun(runs, ledger.snoozesOf(index));
    if (times > 1) distribution[times] = (distribution[times] ?? 0) + 1;
    const begins = mostInOneSecond(runs);
    if (begins > beginsAllowed(plan.kind)) hotLoops.push({ index, begins, allowed: beginsAllowed(plan.kind) });
  }
  return {
    sent: ledger.sent,
    confirmed: ledger.confirmed,
    rejections: ledger.rejections,
    completed: ledger.completed,
    discarded: ledger.discarded,
    deadLettered: leftovers.dead.size,
    queued: leftovers.queued.size,
    held: Object.fromEntries(leftovers.held),
    foreign: leftovers.foreign,
    lost,
    unexpected,
    duplicates: {
      runs: Object.entries(distribution).reduce((sum, [times, tasks]) => sum + (Number(times) - 1) * tasks, 0),
      atMost: ledger.atRisk.deliveries + ledger.atRisk.confirms,
      distribution,
    },
    hotLoops,
  };
}

/** A task that is spent and in no dead-letter queue is lost too: its handler ran, and nobody will ever see that it failed. */
function isLost(ledger: Ledger, { dead, queued }: Leftovers, { index, kind }: PlannedTask): boolean {
  if (!ledger.isConfirmed(index) || dead.has(index) || queued.has(index)) return false;
  return destinyOf(kind) === 'dead-lettered' || !(ledger.isCompleted(index) || ledger.isDiscarded(index));
}

function surpriseOf(ledger: Ledger, { dead }: Leftovers, { index, kind }: PlannedTask): string | undefined {
  const destiny = destinyOf(kind);
  const letter = dead.get(index);
  if (letter !== undefined && destiny !== 'dead-lettered') {
    // A second copy's end does not undo the first one's, but nothing should have ended it this way.
    return `${kind}, but dead-lettered as ${letter.reason}`;
  }
  if (ledger.isCompleted(index) && destiny !== 'completed') return `${kind}, but completed`;
  return undefined;
}

/** How often the most repeated attempt was run, without the times that a snooze allowed. */
export function timesRun(runs: readonly Run[], snoozes: number): number {
  const counts = new Map<number, number>();
  for (const { attempt } of runs) counts.set(attempt, (counts.get(attempt) ?? 0) + 1);
  return Math.max(0, ...counts.values()) - snoozes;
}

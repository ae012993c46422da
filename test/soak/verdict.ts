import { countDuplicates, type Duplicates } from './duplicates';
import { beginsAllowed, mostInOneSecond } from './hot-loops';
import type { Ledger } from './ledger';
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

export interface HotLoop {
  readonly index: number;
  readonly begins: number;
  readonly allowed: number;
}

export function judge(ledger: Ledger, leftovers: Leftovers, planOf: (index: number) => PlannedTask): Verdict {
  const plans = Array.from({ length: ledger.tasks }, (_, index) => planOf(index));
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
    lost: plans.filter((plan) => isLost(ledger, leftovers, plan)).map(({ index }) => index),
    unexpected: plans.flatMap((plan) => surpriseOf(ledger, leftovers, plan)),
    duplicates: countDuplicates(ledger),
    hotLoops: plans.flatMap((plan) => hotLoopOf(ledger, plan)),
  };
}

/** A task that is spent and in no dead-letter queue is lost too: its handler ran, and nobody will ever see that it failed. */
function isLost(ledger: Ledger, { dead, queued }: Leftovers, { index, kind }: PlannedTask): boolean {
  if (!ledger.isConfirmed(index) || dead.has(index) || queued.has(index)) return false;
  return destinyOf(kind) === 'dead-lettered' || !(ledger.isCompleted(index) || ledger.isDiscarded(index));
}

function surpriseOf(ledger: Ledger, { dead }: Leftovers, { index, kind }: PlannedTask): readonly Unexpected[] {
  const destiny = destinyOf(kind);
  const letter = dead.get(index);
  if (letter !== undefined && destiny !== 'dead-lettered') {
    // A second copy's end does not undo the first one's, but nothing should have ended it this way.
    return [{ index, what: `${kind}, but dead-lettered as ${letter.reason}` }];
  }
  if (ledger.isCompleted(index) && destiny !== 'completed') return [{ index, what: `${kind}, but completed` }];
  return [];
}

function hotLoopOf(ledger: Ledger, { index, kind }: PlannedTask): readonly HotLoop[] {
  const begins = mostInOneSecond(ledger.runsOf(index));
  const allowed = beginsAllowed(kind);
  return begins > allowed ? [{ index, begins, allowed }] : [];
}

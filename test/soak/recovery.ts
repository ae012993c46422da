import type { FaultKind } from './fault-plan';

/** A fault that was made, and mended. Milliseconds since 1970. */
export interface MadeFault {
  readonly kind: FaultKind;
  /** What it hit, for people. */
  readonly target: string;
  readonly brokenAt: number;
  readonly healedAt: number;
}

/** How long workers took to complete a task again, after faults of one kind; milliseconds. */
export interface Recovery {
  readonly kind: FaultKind;
  readonly faults: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Workers that completed nothing any more after such a fault. */
  readonly never: number;
}

/** @param completionsOf - by worker slot, when it completed tasks, in order. */
export function recoveries(
  faults: readonly MadeFault[],
  slots: readonly string[],
  completionsOf: (slot: string) => readonly number[],
): readonly Recovery[] {
  const completions = slots.map(completionsOf);
  return [...new Set(faults.map(({ kind }) => kind))].sort().map((kind) => {
    const ofKind = faults.filter((fault) => fault.kind === kind);
    const waits = ofKind.flatMap(({ healedAt }) => completions.map((times) => waitAfter(times, healedAt)));
    const known = waits.filter((wait) => wait !== undefined).toSorted((a, b) => a - b);
    return {
      kind,
      faults: ofKind.length,
      p50Ms: percentile(known, 0.5),
      p99Ms: percentile(known, 0.99),
      maxMs: percentile(known, 1),
      never: waits.length - known.length,
    };
  });
}

/** How long after an instant the next of some times is; `undefined` where none is. */
function waitAfter(times: readonly number[], instant: number): number | undefined {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < instant) low = middle + 1;
    else high = middle;
  }
  const next = times[low];
  return next === undefined ? undefined : next - instant;
}

/** The smallest value that the given share of the values does not exceed. @param sorted - ascending. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

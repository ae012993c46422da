import type { ContenderName } from '../contenders';
import type { Target } from '../contenders/contender';
import type { Job } from '../jobs/job';
import type { MeasureOptions } from '../jobs/measure';
import type { Figures, Sample } from '../results/sample';

export const SECTION_NAMES = [
  'throughput',
  'latency',
  'retries',
  'start-up',
  'validation',
  'telemetry',
  'memory',
  'backlog',
  'concurrency',
  'queues',
  'payload',
  'handlers',
] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** How much is measured. */
export interface Extent {
  readonly rounds: number;
  readonly isFull: boolean;
  /** All counts are multiplied by it. */
  readonly scale: number;
  /** The contenders that can be measured here. */
  readonly contenders: readonly ContenderName[];
  /** Whether the broker was started for this run, and everything on it may be removed. */
  readonly ownsBroker: boolean;
}

/** What a step works with. */
export interface Tools {
  readonly measure: (job: Job, options?: Omit<MeasureOptions, 'onProgress'>) => Promise<Figures>;
  /** Queues of its own for a step, which are removed after it; what is left in them then must be `left`. */
  readonly withTarget: <T>(options: TargetOptions, use: (target: Target) => Promise<T>) => Promise<T>;
  readonly brokerUrl: string;
}

export interface TargetOptions {
  readonly contender: ContenderName;
  /** @defaultValue 1 */
  readonly queues?: number;
  /** Messages that are to be in them in the end. @defaultValue 0 */
  readonly left?: number;
}

/** A part of a round: what is measured without a pause. */
export interface Step {
  readonly contender: ContenderName;
  readonly round: number;
  /** What it is, beside the contender's name: "100 queues". */
  readonly label: string;
  readonly at?: number;
  readonly run: (tools: Tools) => Promise<readonly Sample[]>;
}

/** Something that is measured and told as a whole. */
export interface Section {
  readonly name: SectionName;
  readonly title: string;
  /** The steps in their order: contenders take turns, so that what the machine does meanwhile troubles all of them alike. */
  readonly plan: (extent: Extent) => readonly Step[];
}

/** Counts of the full run, made smaller or larger. */
export const scaled = (count: number, { scale }: Extent): number => Math.max(8, Math.round(count * scale));

/** For each round, for each value, for each contender. */
export function interleaved<T>(
  rounds: number,
  values: readonly T[],
  contenders: readonly ContenderName[],
  step: (value: T, contender: ContenderName, round: number) => Step,
): readonly Step[] {
  const all = Array.from({ length: rounds }, (_, index) =>
    values.flatMap((value) => contenders.map((contender) => step(value, contender, index + 1))),
  );
  return all.flat();
}

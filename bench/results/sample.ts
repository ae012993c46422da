import type { ContenderName } from '../contenders';

/** What can be measured of a process that works. */
export interface AllFigures {
  readonly perSecond: number;
  /** User and system time of the client process for a message. */
  readonly cpuMicros: number;
  /** Time from `send` to the start of the handler. */
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly seconds: number;
  /** User and system time in percent of one core. */
  readonly cpuPercent: number;
  /** Resident memory when a tenth was done, and the most after that. */
  readonly rssAtTenthMiB: number;
  readonly rssHighestMiB: number;
}

export type FigureName = keyof AllFigures;
export type Figures = Readonly<Partial<AllFigures>>;

export type Work =
  | 'enqueue'
  | 'enqueueMany'
  | 'consume'
  | 'saturated'
  | 'latency'
  | 'retries'
  | 'hops'
  | 'startUpAbsent'
  | 'startUpPresent'
  | 'idle'
  | 'validateFlat'
  | 'validateFlatByLibraries'
  | 'validateNested'
  | 'validateNestedByLibraries';

/** What one process found. */
export interface Sample {
  readonly work: Work;
  readonly contender: ContenderName;
  /** 1-based. */
  readonly round: number;
  /** Where on its axis, in a section that shows how cost grows. */
  readonly at?: number;
  readonly figures: Figures;
}

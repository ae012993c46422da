/** When a schedule ticks: by a cron expression on the clocks of a time zone, or at even intervals. */
export type ScheduleRule =
  | {
      readonly kind: 'cron';
      /** Five fields, six with seconds, or a nickname such as `@daily`. */
      readonly cron: string;
      /** An IANA name: `Europe/Berlin`. */
      readonly timeZone: string;
    }
  | { readonly kind: 'every'; readonly everyMs: number };

/** A rule and the time in which it counts. All instants are milliseconds since 1970. */
export interface Recurrence {
  readonly rule: ScheduleRule;
  /** No tick is earlier. Intervals are counted from here, else from 1970-01-01T00:00Z. */
  readonly startAt: number | undefined;
  /** No tick is later. */
  readonly endAt: number | undefined;
}

/** What becomes of ticks that passed while nothing could run them. `last`: one run for all of them; `all`: each, up to a limit. */
export type CatchUp = 'skip' | 'last' | 'all';

/** What becomes of a tick while the run before it has not ended. */
export type Overlap = 'allow' | 'skip';

/** What a schedule says beside its task and payload: everything resolved and checked. */
export interface ScheduleSettings extends Recurrence {
  readonly catchUp: CatchUp;
  /** Missed ticks that are run at most with `catchUp: 'all'`: the latest. */
  readonly catchUpLimit: number;
  /** Each run waits for a part of this, in milliseconds: always the same part for the same tick. */
  readonly jitterMs: number;
  readonly overlap: Overlap;
  /** After this a run counts as ended though nobody said so; milliseconds. */
  readonly overlapTimeoutMs: number;
}

/** A task's schedule as its code defines it. */
export interface ScheduleDefinition extends ScheduleSettings {
  /** Unique in the virtual host; the beginning of every task id. */
  readonly name: string;
  /** What every run is given, not yet checked against the task's contract. */
  readonly payload: unknown;
}

/** The last instant that a schedule may tick at. */
export const LAST_TICK = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

import type { CatchUp, Overlap } from '../task/schedule';
import type { Duration } from '../time/duration';

/** When a task runs by itself, and what becomes of runs that collide or were missed. Give either `cron` or `every`. */
export interface ScheduleOptions {
  /**
   * 1 to 127 bytes without spaces, unique in the virtual host. It begins the id of every run, so keep it when the rest changes.
   * @defaultValue the task's name; of several schedules of one task, each needs a name of its own
   */
  readonly name?: string;
  /** Five fields, six with seconds, or a nickname such as `@daily`; `L` is the month's last day. */
  readonly cron?: string;
  /** By which clocks `cron` counts: an IANA name such as `Europe/Berlin`. @defaultValue `'UTC'` */
  readonly timeZone?: string;
  /** Even intervals, 1 s to 8.5 years, counted from `startAt`, else from 1970-01-01T00:00Z. */
  readonly every?: Duration;
  /** No run is earlier: a `Date`, milliseconds since 1970 or an ISO 8601 text. @defaultValue none */
  readonly startAt?: Date | number | string;
  /** No run is later. @defaultValue none */
  readonly endAt?: Date | number | string;
  /** What each run is given; checked like any payload. @defaultValue none */
  readonly payload?: unknown;
  /**
   * Ticks that passed while no worker was there: none, one run for all, or each of them. A tick that is late by no more
   * than a change of leaders is not missed, and always run.
   * @defaultValue `'last'`
   */
  readonly catchUp?: CatchUp;
  /** Missed ticks that `catchUp: 'all'` runs at most, the latest ones: 1 to 10,000. @defaultValue 1000 */
  readonly catchUpLimit?: number;
  /** Spreads runs: each waits in the broker for a part of this, 0 to 24 h, the same for the same tick. @defaultValue 0 */
  readonly jitter?: Duration;
  /** Whether a tick is left out while the last run has not ended, its retries included. @defaultValue `'allow'` */
  readonly overlap?: Overlap;
  /**
   * With `overlap: 'skip'`, when a run counts as ended though its worker never said so: 1 s to 30 days.
   * @defaultValue the task's `timeout` and longest backoff for each attempt, at most 24 h
   */
  readonly overlapTimeout?: Duration;
}

/** One schedule of `@Task({ schedule })`: a cron expression in UTC, or all of it. */
export type ScheduleOption = string | ScheduleOptions;

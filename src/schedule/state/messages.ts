import type { Release, StoredSchedule } from './state';

/** A change that somebody asks for. */
export type ScheduleCommand =
  | { readonly kind: 'add' | 'replace'; readonly id: string; readonly schedule: StoredSchedule }
  | { readonly kind: 'remove' | 'pause' | 'resume'; readonly id: string; readonly name: string }
  | {
      readonly kind: 'trigger';
      readonly id: string;
      readonly name: string;
      /** The id of the task to be made, chosen by whoever asks. */
      readonly taskId: string;
    }
  | {
      /** A schedule that the leader cannot use, though whoever asks could. */
      readonly kind: 'unusable';
      readonly id: string;
      readonly name: string;
      readonly problem: string;
    };

/** What stands in the queue of schedules beside the state. */
export type ScheduleMessage =
  | {
      readonly kind: 'hello';
      readonly worker: string;
      readonly startedAt: number;
      readonly releaseKey: string;
      readonly release: Release;
      /** Tells its sender, when it comes back, that everything has come that stood before it. */
      readonly nonce: string | undefined;
    }
  | { readonly kind: 'bye'; readonly worker: string }
  /** A run whose end somebody waits for is over. */
  | { readonly kind: 'ended'; readonly name: string; readonly taskId: string }
  | { readonly kind: 'command'; readonly command: ScheduleCommand };

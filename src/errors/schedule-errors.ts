import { WarrenError } from './warren-error';

/** Raised when what a call says of a schedule is wrong. Nothing was changed. */
export class InvalidScheduleError extends WarrenError {
  readonly code = 'INVALID_SCHEDULE';

  constructor(
    readonly schedule: string,
    readonly problems: readonly string[],
  ) {
    super(`The schedule "${schedule}" cannot be used: ${problems.join('; ')}`);
  }
}

/** Why a change was refused. */
export type ScheduleRefusal = 'unknown' | 'exists' | 'in-code' | 'full' | 'not-enqueued' | 'unusable';

const REFUSALS: Readonly<Record<ScheduleRefusal, string>> = {
  unknown: 'there is none of this name. "warren schedules list" shows those that there are.',
  exists: 'there is one of this name already. Replace it, or take another name.',
  'in-code': 'it stands in the code of a worker, and would come back with it. Change it there, or pause it.',
  full: 'all schedules together would take more than 4 MiB, and they stand in one message. Remove some, or make their payloads references.',
  unusable: 'the worker that leads cannot use it',
  'not-enqueued': 'its task could not be enqueued; the log of the worker that leads says why.',
};

/** Raised when a change of a schedule was refused. Nothing was changed. */
export class ScheduleRefusedError extends WarrenError {
  readonly code = 'SCHEDULE_REFUSED';

  constructor(
    action: string,
    readonly schedule: string,
    readonly reason: ScheduleRefusal,
    /** What is wrong with a schedule that is `unusable`. */
    readonly problem?: string,
  ) {
    super(
      `Cannot ${action} the schedule "${schedule}": ${REFUSALS[reason]}${problem === undefined ? '' : `: ${problem}`}`,
    );
  }
}

/**
 * Raised when no worker has answered a change of a schedule in time. **It is stored, and made when a worker with
 * schedules is there.**
 */
export class ScheduleUnansweredError extends WarrenError {
  readonly code = 'SCHEDULE_UNANSWERED';

  constructor(
    action: string,
    readonly schedule: string,
    readonly timeoutMs: number,
  ) {
    super(
      `Nobody has answered within ${timeoutMs} ms that it will ${action} the schedule "${schedule}". The change is stored, and made when a worker with schedules runs.`,
    );
  }
}

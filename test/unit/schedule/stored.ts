import { storedSchedule } from '../../../src/schedule/state/schedule-json';
import type { StoredSchedule } from '../../../src/schedule/state/state';

/** A schedule of every minute, but for what the test says. */
export function stored(said: Partial<StoredSchedule> = {}): StoredSchedule {
  return storedSchedule({
    name: 'minutely',
    task: 'reports.build',
    queue: 'reports',
    rule: { kind: 'every', everyMs: 60_000 },
    startAt: undefined,
    endAt: undefined,
    catchUp: 'last',
    catchUpLimit: 1_000,
    jitterMs: 0,
    overlap: 'allow',
    overlapTimeoutMs: 3_600_000,
    contentType: 'application/json',
    body: 'null',
    ...said,
  });
}

/** An instant of 2026-01-01. */
export const at = (time: string): number => Date.parse(`2026-01-01T${time}Z`);

import type { TaskApp } from '../app/task-app';
import { AccessRefusedError } from '../errors/broker-errors';
import { ConfigurationError } from '../errors/configuration-error';
import type { ScheduleInfo } from '../schedule/state/schedule-info';

/** The schedules that are stored and make no ticks, because the worker that leads cannot use them. */
export async function findUnusableSchedules(app: TaskApp): Promise<readonly ScheduleInfo[]> {
  try {
    return (await app.schedules.list()).filter(({ state }) => state === 'unusable');
  } catch (error) {
    // A copy that only a newer version can read is nothing that this one can judge.
    if (error instanceof AccessRefusedError || error instanceof ConfigurationError) return [];
    throw error;
  }
}

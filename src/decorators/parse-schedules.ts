import type { OptionReader } from '../options/option-reader';
import { DEFAULT_SCHEDULE, parseScheduleSettings, SCHEDULE_SETTING_KEYS } from '../recurrence/parse-schedule';
import type { ScheduleOptions } from '../recurrence/schedule-options';
import { nameProblem } from '../task/names';
import type { ScheduleDefinition } from '../task/schedule';

export const SCHEDULE_KEYS = [
  'name',
  'payload',
  ...SCHEDULE_SETTING_KEYS,
] as const satisfies readonly (keyof ScheduleOptions)[];
const NO_SCHEDULES: readonly ScheduleDefinition[] = Object.freeze([]);

/**
 * Reads the option `schedule` of a task: one, or several.
 *
 * @param task - the task's name, where it has one: the name of its only schedule.
 * @param lifeMs - how long a run can take; a run of which nobody tells the end counts as ended then.
 */
export function readSchedules(
  reader: OptionReader,
  task: string | undefined,
  lifeMs: number = DEFAULT_SCHEDULE.overlapTimeoutMs,
): readonly ScheduleDefinition[] {
  const value = reader.value('schedule');
  if (value === undefined) return NO_SCHEDULES;
  const several = Array.isArray(value);
  const values: readonly unknown[] = several ? value : [value];
  return Object.freeze(
    values.flatMap((each, index) => {
      const path = several ? `schedule[${index}]` : 'schedule';
      const nested = reader.nested(path, typeof each === 'string' ? { cron: each } : each);
      if (nested === undefined) return [];
      nested.refuseUnknown(SCHEDULE_KEYS);
      const name = readName(nested, values.length === 1 ? task : undefined);
      const settings = parseScheduleSettings(nested, lifeMs);
      if (name === undefined || settings === undefined) return [];
      return [Object.freeze({ ...settings, name, payload: nested.value('payload') })];
    }),
  );
}

function readName(reader: OptionReader, fallback: string | undefined): string | undefined {
  const name = reader.value('name') ?? fallback;
  if (name === undefined) {
    reader.note(`${reader.path('name')} is needed: each of several schedules has a name of its own`);
    return undefined;
  }
  const problem = nameProblem(name, reader.path('name'));
  reader.note(problem);
  return problem === undefined ? (name as string) : undefined;
}

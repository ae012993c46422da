import { type ScheduleState, setAsideOf } from './state';

/** A schedule that is known and makes no ticks, and why. */
export interface UnusableInfo {
  readonly name: string;
  readonly task: string;
  readonly queue: string;
  readonly origin: 'code' | 'run-time';
  readonly problem: string;
}

const NO_ROOM =
  'there is no room for it: all schedules stand in one message. Remove some, or make their payloads references';

/** The schedules of a virtual host that the leader cannot use: stored ones, and those in the code of living workers. */
export function unusableSchedules(state: ScheduleState): readonly UnusableInfo[] {
  const found = new Map<string, UnusableInfo>();
  const note = (info: UnusableInfo): void => {
    if (!state.entries.has(info.name) && !found.has(info.name)) found.set(info.name, info);
  };
  for (const { json: _json, ...info } of setAsideOf(state).values()) note(info);
  for (const { schedules, unusable = [] } of state.releases.values()) {
    for (const { name, problem } of unusable) note({ name, task: '', queue: '', origin: 'code', problem });
    for (const { name, task, queue } of schedules) note({ name, task, queue, origin: 'code', problem: NO_ROOM });
  }
  return [...found.values()];
}

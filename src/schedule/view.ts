import type { Broker, Delivery } from '../broker/broker';
import { SCHEDULES_VIEW } from '../topology/names';
import { isNewer, type ScheduleState } from './state';
import { decodeState } from './state-json';

/** The latest copy of the state; `none`: there is none, or somebody else looks at it just now; `unreadable`: of a newer version. */
export type ViewedState = ScheduleState | 'none' | 'unreadable';

/**
 * Looks at the copy for readers.
 * @throws QueueMissingError
 */
export async function readView(broker: Broker): Promise<ViewedState> {
  const reader = await broker.openReader(SCHEDULES_VIEW);
  const copies: Delivery[] = [];
  try {
    // More than one only for a moment, while an older one that was looked at comes back.
    for (let copy = await reader.next(); copy !== undefined; copy = await reader.next()) copies.push(copy);
  } finally {
    for (const copy of copies) copy.requeue();
    await reader.close();
  }
  if (copies.length === 0) return 'none';
  const states = copies.flatMap(({ body }) => decodeState(body) ?? []);
  return states.reduce<ViewedState>(
    (newest, state) => (typeof newest === 'string' || isNewer(state, newest) ? state : newest),
    'unreadable',
  );
}

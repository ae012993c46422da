import type { Broker, Delivery } from '../../broker/broker';
import { SCHEDULES_VIEW } from '../../topology/names';
import { isNewer, type ScheduleState } from './state';
import { decodeState, isOfNewerFormat } from './state-json';

/** The copy for readers as it was found. */
export interface StateCopy {
  readonly state: ScheduleState;
  readonly body: Buffer;
}

/** `none`: there is no copy, or somebody else looks at it just now; `newer`: of a newer version; `garbled`: not written by Warren. */
export type NoCopy = 'none' | 'newer' | 'garbled';
export type ViewedState = ScheduleState | NoCopy;

/**
 * Looks at the state in the copy for readers.
 * @throws QueueMissingError
 */
export async function readView(broker: Broker): Promise<ViewedState> {
  const copy = await readCopy(broker);
  return typeof copy === 'string' ? copy : copy.state;
}

/**
 * Looks at the copy for readers.
 * @throws QueueMissingError
 */
export async function readCopy(broker: Broker): Promise<StateCopy | NoCopy> {
  const bodies = await readBodies(broker);
  if (bodies.length === 0) return 'none';
  const copies = bodies.flatMap((body) => {
    const state = decodeState(body);
    return state === undefined ? [] : [{ state, body }];
  });
  const [first, ...others] = copies;
  if (first === undefined) return bodies.some(isOfNewerFormat) ? 'newer' : 'garbled';
  return others.reduce((newest, copy) => (isNewer(copy.state, newest.state) ? copy : newest), first);
}

async function readBodies(broker: Broker): Promise<readonly Buffer[]> {
  const reader = await broker.openReader(SCHEDULES_VIEW);
  const copies: Delivery[] = [];
  try {
    // More than one only for a moment, while an older one that was looked at comes back.
    for (let copy = await reader.next(); copy !== undefined; copy = await reader.next()) copies.push(copy);
  } finally {
    for (const copy of copies) copy.requeue();
    await reader.close();
  }
  return copies.map(({ body }) => body);
}

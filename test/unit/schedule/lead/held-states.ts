import type { Delivery } from '../../../../src/broker/broker';
import type { OutgoingMessage } from '../../../../src/message/wire';
import { stateMark, stateMessages } from '../../../../src/schedule/state/message-json';
import type { ReceivedState } from '../../../../src/schedule/state/received';
import { EMPTY_STATE, newEntry, type ScheduleState } from '../../../../src/schedule/state/state';
import { stored } from '../stored';

/** A state with these schedules. */
export const stateOf = (fence: number, seq: number, ...names: readonly string[]): ScheduleState => ({
  ...EMPTY_STATE,
  fence,
  seq,
  entries: new Map(names.map((name) => [name, newEntry(stored({ name }), 'run-time', 0)])),
});

export const namesOf = ({ entries }: ScheduleState): readonly string[] => [...entries.keys()].sort();

/** A delivery of a message, which writes down under this name how it is settled. */
export function deliveryOf(
  { body, properties, exchange, routingKey }: OutgoingMessage,
  name: string,
  settled: string[] = [],
  redelivered = false,
): Delivery {
  const settle = (how: string) => () => {
    settled.push(how === 'ack' ? name : `${name} ${how}`);
    return true;
  };
  return {
    body,
    properties,
    exchange,
    routingKey,
    redelivered,
    queue: routingKey,
    deliveryCount: 0,
    live: true,
    overdue: false,
    ack: settle('ack'),
    requeue: settle('requeue'),
    reject: settle('reject'),
  };
}

/** A message of a state, as it comes out of the queue of schedules. */
export function receivedState(
  message: OutgoingMessage,
  name: string,
  settled: string[] = [],
  redelivered = false,
): ReceivedState {
  const delivery = deliveryOf(message, name, settled, redelivered);
  const mark = stateMark(delivery);
  if (mark === undefined) throw new Error(`${name} is no state`);
  return { mark, delivery };
}

/** What another leader has written into the queue of schedules. */
export const stateOfAnother = (state: ScheduleState, leader = 'another'): OutgoingMessage =>
  stateMessages(state, leader, 'its code')[0];

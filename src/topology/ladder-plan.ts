import { DELAY_LEVELS, exchangeBelow } from './ladder';
import { DELAY_DELIVER_EXCHANGE, DELAY_UNROUTED, delayLevelName } from './names';
import { keptQueueArguments, levelQueueArguments } from './queue-arguments';
import type { Arguments, BindingSpec, Topology } from './topology';

/**
 * A message that fits no binding would stay in the level above, and 32 of them stop that level for everybody: the broker
 * moves that many dead letters of a queue at a time, and waits until each has a place.
 */
const PARKS_UNROUTED: Arguments = Object.freeze({ 'alternate-exchange': DELAY_UNROUTED });

/** The 31 levels: an exchange, a queue and two bindings each. */
export function planLevels(): Topology {
  const levels = Array.from({ length: DELAY_LEVELS }, (_, level) => ({ level, name: delayLevelName(level) }));
  return {
    exchanges: levels.map(({ name }) => ({ name, type: 'topic', arguments: PARKS_UNROUTED, declare: true })),
    queues: levels.map(({ level, name }) => ({ name, arguments: levelQueueArguments(level) })),
    bindings: levels.flatMap(({ level, name }) => levelBindings(level, name)),
  };
}

/** A set bit waits in the level's queue; a clear one falls through to the next exchange in the same routing step. */
function levelBindings(level: number, name: string): readonly BindingSpec[] {
  const higherBits = '*.'.repeat(DELAY_LEVELS - 1 - level);
  return [
    { source: name, destination: name, destinationType: 'queue', routingKey: `${higherBits}1.#` },
    { source: name, destination: exchangeBelow(level), destinationType: 'exchange', routingKey: `${higherBits}0.#` },
  ];
}

/** The ladder's lower end: home again, or parked where people see it. */
export function planDelivery(): Topology {
  return {
    exchanges: [
      { name: DELAY_DELIVER_EXCHANGE, type: 'topic', arguments: PARKS_UNROUTED, declare: true },
      { name: DELAY_UNROUTED, type: 'fanout', arguments: {}, declare: true },
    ],
    queues: [{ name: DELAY_UNROUTED, arguments: keptQueueArguments('quorum') }],
    bindings: [{ source: DELAY_UNROUTED, destination: DELAY_UNROUTED, destinationType: 'queue', routingKey: '' }],
  };
}

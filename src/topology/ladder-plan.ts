import { DELAY_LEVELS, exchangeBelow } from './ladder';
import { DELAY_DELIVER_EXCHANGE, DELAY_ENTER_EXCHANGE, DELAY_UNROUTED, delayLevelName } from './names';
import { keptQueueArguments, levelQueueArguments } from './queue-arguments';
import type { Arguments, BindingSpec, Topology } from './topology';

/**
 * A message that fits no binding would stay in the level above, and 32 of them stop that level for everybody: the broker
 * moves that many dead letters of a queue at a time, and waits until each has a place.
 */
const PARKS_UNROUTED: Arguments = Object.freeze({ 'alternate-exchange': DELAY_UNROUTED });

/** The 31 levels: an exchange, a queue and three bindings each. */
export function planLevels(): Topology {
  const levels = Array.from({ length: DELAY_LEVELS }, (_, level) => ({ level, name: delayLevelName(level) }));
  return {
    exchanges: levels.map(({ name }) => ({ name, type: 'topic', arguments: PARKS_UNROUTED, declare: true })),
    queues: levels.map(({ level, name }) => ({ name, arguments: levelQueueArguments(level) })),
    bindings: levels.flatMap(({ level, name }) => levelBindings(level, name)),
  };
}

/**
 * A set bit waits in the level's queue; a clear one falls through to the next exchange in the same routing step. Senders
 * come straight to the queue of the highest set bit.
 */
function levelBindings(level: number, name: string): readonly BindingSpec[] {
  const bitsAbove = DELAY_LEVELS - 1 - level;
  const anyBits = '*.'.repeat(bitsAbove);
  const toQueue = { destination: name, destinationType: 'queue' } as const;
  return [
    { ...toQueue, source: DELAY_ENTER_EXCHANGE, routingKey: `${'0.'.repeat(bitsAbove)}1.#` },
    { ...toQueue, source: name, routingKey: `${anyBits}1.#` },
    { source: name, destination: exchangeBelow(level), destinationType: 'exchange', routingKey: `${anyBits}0.#` },
  ];
}

/**
 * The ladder's two ends. Senders enter by an exchange that has no alternate exchange: where the queue of a level is missing,
 * they get their message back as unroutable, and declare the queue again. At the lower end a message goes home, or is parked
 * where people see it.
 */
export function planLadderEnds(): Topology {
  return {
    exchanges: [
      { name: DELAY_ENTER_EXCHANGE, type: 'topic', arguments: {}, declare: true },
      { name: DELAY_DELIVER_EXCHANGE, type: 'topic', arguments: PARKS_UNROUTED, declare: true },
      { name: DELAY_UNROUTED, type: 'fanout', arguments: {}, declare: true },
    ],
    queues: [{ name: DELAY_UNROUTED, arguments: keptQueueArguments('quorum') }],
    bindings: [{ source: DELAY_UNROUTED, destination: DELAY_UNROUTED, destinationType: 'queue', routingKey: '' }],
  };
}

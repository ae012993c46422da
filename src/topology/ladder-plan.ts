import { DELAY_LEVELS } from './ladder';
import { DELAY_DELIVER_EXCHANGE, DELAY_UNROUTED, delayLevelName } from './names';
import { exchangeBelow, keptQueueArguments, levelQueueArguments } from './queue-arguments';
import type { BindingSpec, Topology } from './topology';

/** The 31 levels: an exchange, a queue and two bindings each. */
export function planLevels(): Topology {
  const levels = Array.from({ length: DELAY_LEVELS }, (_, level) => ({ level, name: delayLevelName(level) }));
  return {
    exchanges: levels.map(({ name }) => ({ name, type: 'topic', arguments: {}, declare: true })),
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
      {
        name: DELAY_DELIVER_EXCHANGE,
        type: 'topic',
        arguments: { 'alternate-exchange': DELAY_UNROUTED },
        declare: true,
      },
      { name: DELAY_UNROUTED, type: 'fanout', arguments: {}, declare: true },
    ],
    queues: [{ name: DELAY_UNROUTED, arguments: keptQueueArguments('quorum') }],
    bindings: [{ source: DELAY_UNROUTED, destination: DELAY_UNROUTED, destinationType: 'queue', routingKey: '' }],
  };
}

/** What begins so is Warren's own: the ladder, the schedules, and whatever a later version adds. */
export const WARREN_PREFIX = 'warren.';
/** RabbitMQ refuses to declare names that begin so (403 ACCESS_REFUSED). */
const BROKER_PREFIX = 'amq.';
/** What Warren adds to the name of a home queue, with what the queue of that name is for. */
const SUFFIXES: readonly (readonly [suffix: string, use: string])[] = [
  ['.dead', 'dead letters'],
  ['.replay', 'letters that are being replayed'],
  ['.suspects', 'tasks that run alone'],
  ['.migrating', 'messages of a queue that is being migrated'],
  ['.lock', 'locks'],
];

/**
 * Why no home queue may have this name, with the remedy, or `undefined` where one may. A sender that used such a name
 * would put tasks where Warren keeps something else: on the delay ladder, where they stop the delays of every queue,
 * among the dead letters, or into the state of the schedules.
 */
export function reservedQueueProblem(name: string): string | undefined {
  if (name.startsWith(BROKER_PREFIX)) {
    return `a queue name must not begin with "${BROKER_PREFIX}", which RabbitMQ reserves: "${name}". Choose another name`;
  }
  if (name.startsWith(WARREN_PREFIX)) {
    return `a queue name must not begin with "${WARREN_PREFIX}", which Warren reserves: "${name}". Choose another name`;
  }
  const found = SUFFIXES.find(([suffix]) => name.endsWith(suffix));
  if (found === undefined) return undefined;
  const [suffix, use] = found;
  const home = name.slice(0, -suffix.length);
  return (
    `a queue name must not end with "${suffix}", which Warren reserves for ${use}: "${name}". ` +
    `${home === '' ? 'Choose another name' : `Name the home queue ("${home}"), or choose another name`}`
  );
}

/** Why no queue may be bound to an exchange of this name, or `undefined` where one may. `amq.*` is the broker's, and may be bound to. */
export function reservedExchangeProblem(name: string, what: string): string | undefined {
  if (!name.startsWith(WARREN_PREFIX)) return undefined;
  return `${what} must not begin with "${WARREN_PREFIX}", which Warren reserves: "${name}". Remove the binding`;
}

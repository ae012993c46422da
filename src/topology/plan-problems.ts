import type { QueueBinding, QueueDefinition } from '../task/definition';
import { foreignExchange, predeclaredType } from './foreign-exchange';
import { deadQueueName, isReservedName, suspectQueueName } from './names';

/** Somebody's wish for a named thing, in words: two wishes for one name agree when their settings read the same. */
interface Wish {
  readonly name: string;
  readonly settings: string;
  /** Whose wish it is; `undefined` where the settings say it all. */
  readonly by: string | undefined;
}

/** Why these queues cannot be planned together: every reason, each once. Empty: they can. */
export function planProblems(queues: readonly QueueDefinition[]): readonly string[] {
  const bindings = queues.flatMap((queue) => queue.bindings.map((binding) => ({ queue: queue.name, binding })));
  const problems = [
    ...queueNameProblems(queues),
    ...disagreements(
      'queue',
      queues.map(wishForQueue),
      'Define it once, or give all its definitions the same settings.',
    ),
    ...bindings.flatMap(({ queue, binding }) => exchangeNameProblem(queue, binding) ?? []),
    ...disagreements(
      'exchange',
      bindings.map(({ queue, binding }) => wishForExchange(queue, binding)),
      'Give all bindings to it the same type and the same "declare".',
    ),
  ];
  return [...new Set(problems)];
}

function queueNameProblems(queues: readonly QueueDefinition[]): readonly string[] {
  const own = new Map(
    queues.flatMap(({ name }) => [
      [deadQueueName(name), `the dead-letter queue of "${name}"`],
      [suspectQueueName(name), `the queue of suspects of "${name}"`],
    ]),
  );
  return queues.flatMap(({ name }) => {
    if (isReservedName(name)) return `the queue "${name}" has a name that Warren keeps for itself. Rename it.`;
    const taken = own.get(name);
    return taken === undefined ? [] : `the queue "${name}" has the name of ${taken}. Rename one of them.`;
  });
}

function exchangeNameProblem(queue: string, { exchange, type }: QueueBinding): string | undefined {
  const where = `the queue "${queue}" is bound to`;
  // The broker refuses it (403 ACCESS_REFUSED), and it is not needed.
  if (exchange === '') {
    return `${where} the default exchange (""), which delivers to every queue by its name and takes no bindings. Remove the binding.`;
  }
  if (isReservedName(exchange)) {
    return `${where} "${exchange}", an exchange that Warren keeps for itself. Remove the binding.`;
  }
  const actual = predeclaredType(exchange);
  if (actual === undefined || actual === type) return undefined;
  return `${where} "${exchange}" as a ${type} exchange, but in every vhost it is a ${actual} exchange. Write type "${actual}".`;
}

function wishForQueue({ name, type, maxPriority }: QueueDefinition): Wish {
  const priority = type === 'quorum' || maxPriority === undefined ? '' : `, maxPriority ${maxPriority}`;
  return { name, settings: `type "${type}"${priority}`, by: undefined };
}

function wishForExchange(queue: string, binding: QueueBinding): Wish {
  const { name, type, declare } = foreignExchange(binding);
  return { name, settings: `type "${type}", declare ${declare}`, by: `queue "${queue}"` };
}

function disagreements(kind: string, wishes: readonly Wish[], remedy: string): readonly string[] {
  return [...groupBy(wishes, ({ name }) => name)].flatMap(([name, group]) => {
    const sides = groupBy(group, ({ settings }) => settings);
    if (sides.size === 1) return [];
    const listed = [...sides].map(describeSide).join('; ');
    return `the ${kind} "${name}" is asked for with different settings: ${listed}. ${remedy}`;
  });
}

function describeSide([settings, wishes]: readonly [string, readonly Wish[]]): string {
  const by = [...new Set(wishes.flatMap((wish) => wish.by ?? []))].join(', ');
  return by === '' ? settings : `${settings} (${by})`;
}

// `Map.groupBy` came with Node 21.
function groupBy(wishes: readonly Wish[], key: (wish: Wish) => string): ReadonlyMap<string, readonly Wish[]> {
  const groups = new Map<string, Wish[]>();
  for (const wish of wishes) groups.set(key(wish), [...(groups.get(key(wish)) ?? []), wish]);
  return groups;
}

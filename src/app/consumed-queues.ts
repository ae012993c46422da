import type { TaskCatalog } from '../decorators/catalog';
import { ConfigurationError } from '../errors/configuration-error';
import type { QueueDefinition } from '../task/definition';
import type { ResolvedAppOptions } from './app-options';

/**
 * The queues whose tasks this process runs, with the concurrency that it gives them.
 *
 * @throws ConfigurationError when a queue is named that no task has.
 */
export function consumedQueues(
  { consume, concurrency }: ResolvedAppOptions,
  catalog: TaskCatalog,
): readonly QueueDefinition[] {
  return chosenQueues(consume, catalog).map((queue) => withConcurrency(queue, concurrency));
}

/** A prefetch that was not set apart follows the concurrency, as it does where the queue is defined. */
function withConcurrency(queue: QueueDefinition, concurrency: number | undefined): QueueDefinition {
  if (concurrency === undefined) return queue;
  const prefetch = queue.prefetch === queue.concurrency ? concurrency : Math.max(concurrency, queue.prefetch);
  return Object.freeze({ ...queue, concurrency, prefetch });
}

function chosenQueues(consume: boolean | readonly string[], catalog: TaskCatalog): readonly QueueDefinition[] {
  if (typeof consume === 'boolean') return consume ? catalog.queues : [];
  const known = new Map(catalog.queues.map((queue) => [queue.name, queue]));
  const unknown = consume.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const choices = [...known.keys()].join(', ');
    throw new ConfigurationError(
      unknown.map((name) => `consume names the queue "${name}", which no task has; there are: ${choices}`),
    );
  }
  return catalog.queues.filter((queue) => consume.includes(queue.name));
}

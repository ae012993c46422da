import { describeValue } from '../options/describe-value';
import type { QueueBinding, QueueDefinition } from '../task/definition';
import type { ParsedTaskQueue } from './parse-task-queue';

/** What a queue is where no class says otherwise. */
export const DEFAULT_QUEUE = Object.freeze({ type: 'quorum', concurrency: 10, maxCrashes: 3 } as const);

type SharedOption = 'concurrency' | 'prefetch' | 'type' | 'maxPriority' | 'maxCrashes';

/** Puts together what all classes of one queue say about it. What they say differently is a problem. */
export function resolveQueue(name: string, said: readonly ParsedTaskQueue[], problems: string[]): QueueDefinition {
  const note = (problem: string): void => {
    problems.push(`queue "${name}": ${problem}`);
  };
  const concurrency = agreed(said, 'concurrency', note) ?? DEFAULT_QUEUE.concurrency;
  const prefetch = agreed(said, 'prefetch', note) ?? concurrency;
  const type = agreed(said, 'type', note) ?? DEFAULT_QUEUE.type;
  const maxPriority = agreed(said, 'maxPriority', note);
  const maxCrashes = agreed(said, 'maxCrashes', note) ?? DEFAULT_QUEUE.maxCrashes;
  if (prefetch < concurrency) note(`prefetch must be at least concurrency (${concurrency}), got ${prefetch}`);
  if (maxPriority !== undefined && type === 'quorum') {
    note("maxPriority is for type 'classic' alone: remove it, quorum queues have priorities without it");
  }
  const bindings = joinBindings(said, note);
  return Object.freeze({ name, type, concurrency, prefetch, maxPriority, maxCrashes, bindings });
}

function agreed<K extends SharedOption>(
  said: readonly ParsedTaskQueue[],
  key: K,
  note: (problem: string) => void,
): ParsedTaskQueue[K] | undefined {
  const speakers = said.filter((queue) => queue[key] !== undefined);
  if (new Set(speakers.map((queue) => queue[key])).size > 1) {
    const list = speakers.map((queue) => `${describeValue(queue[key])} in ${queue.owner}`).join(', ');
    note(`${key} is ${list}. Classes that share a queue must say the same, or only one of them says it`);
  }
  return speakers[0]?.[key];
}

/** Every binding once, in a stable order. */
function joinBindings(said: readonly ParsedTaskQueue[], note: (problem: string) => void): readonly QueueBinding[] {
  const joined = new Map<string, QueueBinding>();
  const exchanges = new Map<string, { readonly binding: QueueBinding; readonly owner: string }>();
  for (const { bindings, owner } of said) {
    for (const binding of bindings) {
      const first = exchanges.get(binding.exchange) ?? { binding, owner };
      exchanges.set(binding.exchange, first);
      if (describeExchange(first.binding) !== describeExchange(binding)) {
        const both = `${describeExchange(first.binding)} in ${first.owner}, ${describeExchange(binding)} in ${owner}`;
        note(`the exchange "${binding.exchange}" is ${both}. Say the same in all bindings to it`);
      }
      joined.set(JSON.stringify([binding.exchange, binding.routingKey]), binding);
    }
  }
  return Object.freeze([...joined].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, binding]) => binding));
}

function describeExchange({ type, declare }: QueueBinding): string {
  return `${type} (declare: ${declare})`;
}

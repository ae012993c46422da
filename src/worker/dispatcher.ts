import type { Envelope } from '../message/envelope';
import type { TaskDefinition } from '../task/definition';
import { compileTopicPattern } from '../topology/topic-pattern';

/** A task with what is made once for it. */
export interface Dispatchable {
  readonly definition: TaskDefinition;
}

interface KeyedTask<T> {
  readonly matches: (routingKey: string) => boolean;
  readonly task: T;
}

/**
 * Finds the task that a message is for: by its `type`; else by the routing key that a task of this queue declared;
 * else, when it has no type at all, the queue's only task. What that one has not asked for never falls to it, neither a
 * type that nobody knows nor a routing key beside its own: it may be a newer version's.
 */
export class Dispatcher<T extends Dispatchable> {
  readonly #byName: ReadonlyMap<string, T>;
  readonly #byQueue = new Map<string, { readonly keyed: readonly KeyedTask<T>[]; readonly only: T | undefined }>();

  constructor(tasks: readonly T[]) {
    this.#byName = new Map(tasks.map((task) => [task.definition.name, task]));
    for (const queue of new Set(tasks.map((task) => task.definition.queue))) {
      const own = tasks.filter((task) => task.definition.queue === queue);
      this.#byQueue.set(queue, { keyed: own.flatMap(keyedTasks), only: own.length === 1 ? own[0] : undefined });
    }
  }

  find(queue: string, envelope: Envelope): T | undefined {
    const byName = envelope.type === undefined ? undefined : this.#byName.get(envelope.type);
    return byName ?? this.#findByKey(queue, envelope);
  }

  #findByKey(queue: string, envelope: Envelope): T | undefined {
    const own = this.#byQueue.get(queue);
    if (own === undefined) return undefined;
    if (envelope.exchange !== '') {
      const keyed = own.keyed.find(({ matches }) => matches(envelope.routingKey));
      if (keyed !== undefined) return keyed.task;
      if (own.keyed.length > 0) return undefined;
    }
    return envelope.type === undefined ? own.only : undefined;
  }
}

const keyedTasks = <T extends Dispatchable>(task: T): readonly KeyedTask<T>[] =>
  task.definition.routingKeys.map((pattern) => ({ matches: compileTopicPattern(pattern), task }));

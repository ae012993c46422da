import type { ClassType } from '../task/class-type';
import type { QueueDefinition, TaskDefinition } from '../task/definition';

const NO_DEFINITIONS: ReadonlyMap<string | symbol, TaskDefinition> = new Map();
const NO_TASKS: readonly TaskDefinition[] = Object.freeze([]);

/** The tasks that a worker runs and the queues that they live in. Everything in it is resolved, checked and frozen. */
export class TaskCatalog {
  /** By name. */
  readonly tasks: readonly TaskDefinition[];
  /** By name. */
  readonly queues: readonly QueueDefinition[];
  // Maps, since a name may be any text: a task named "__proto__" is simply unknown.
  readonly #byName: ReadonlyMap<string, TaskDefinition>;
  readonly #byQueue: ReadonlyMap<string, readonly TaskDefinition[]>;
  readonly #queueByName: ReadonlyMap<string, QueueDefinition>;
  readonly #byClass: ReadonlyMap<ClassType, ReadonlyMap<string | symbol, TaskDefinition>>;

  constructor(tasks: readonly TaskDefinition[], queues: readonly QueueDefinition[]) {
    this.tasks = sortedByName(tasks);
    this.queues = sortedByName(queues);
    this.#byName = new Map(this.tasks.map((task) => [task.name, task]));
    this.#byQueue = groupByQueue(this.tasks);
    this.#queueByName = new Map(this.queues.map((queue) => [queue.name, queue]));
    this.#byClass = groupByClass(this.tasks);
    Object.freeze(this);
  }

  find(name: string): TaskDefinition | undefined {
    return this.#byName.get(name);
  }

  findQueue(name: string): QueueDefinition | undefined {
    return this.#queueByName.get(name);
  }

  /** The tasks that live in a queue, by name. */
  tasksOf(queue: string): readonly TaskDefinition[] {
    return this.#byQueue.get(queue) ?? NO_TASKS;
  }

  /** The tasks of a class, by method; empty where the class is not in this catalog, or is only a base of others in it. */
  definitionsOf(type: ClassType): ReadonlyMap<string | symbol, TaskDefinition> {
    return this.#byClass.get(type) ?? NO_DEFINITIONS;
  }
}

function sortedByName<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return Object.freeze([...list].sort((a, b) => (a.name < b.name ? -1 : 1)));
}

function groupByQueue(tasks: readonly TaskDefinition[]): ReadonlyMap<string, readonly TaskDefinition[]> {
  const queues = new Set(tasks.map((task) => task.queue));
  return new Map([...queues].map((queue) => [queue, Object.freeze(tasks.filter((task) => task.queue === queue))]));
}

function groupByClass(
  tasks: readonly TaskDefinition[],
): ReadonlyMap<ClassType, ReadonlyMap<string | symbol, TaskDefinition>> {
  const types = new Set(tasks.map((task) => task.handler.type));
  const ofType = (type: ClassType) => tasks.filter((task) => task.handler.type === type);
  return new Map([...types].map((type) => [type, new Map(ofType(type).map((task) => [task.handler.method, task]))]));
}

import type { TaskApp } from '../app/task-app';
import { DEFAULT_QUEUE } from '../decorators/resolve-queue';
import type { TaskContract } from '../task/contract';
import { planTopology } from '../topology/plan';

/**
 * The queues of contracts whose tasks other services run: declared on the embedded broker when a contract is used first,
 * as those services would have done.
 */
export class ContractQueues {
  readonly #names = new Set<string>();

  constructor(private readonly app: TaskApp) {
    app.client.onNewContract(({ queue }: TaskContract) => this.#declare(queue));
  }

  get names(): readonly string[] {
    return [...this.#names];
  }

  #declare(name: string): void {
    if (this.#names.has(name) || this.app.catalog.queues.some((queue) => queue.name === name)) return;
    const { concurrency } = DEFAULT_QUEUE;
    const queue = { ...DEFAULT_QUEUE, name, prefetch: concurrency, maxPriority: undefined, bindings: [] };
    this.#names.add(name);
    // The embedded broker declares before the call returns; what it refuses, the enqueue itself tells.
    this.app.broker.declare(planTopology({ queues: [queue] })).catch(() => undefined);
  }
}

import type { TaskApp } from '../app/task-app';
import type { DeadLetter } from '../dead-letter/dead-letter';
import { nearestName } from '../options/nearest-name';
import { defineTask, type TaskContract } from '../task/contract';
import { queueNameProblem } from '../task/names';
import type { LoadedConfig } from './config';
import { UsageError } from './usage-error';

/** A contract to enqueue by, and whether payloads are checked against it. */
export interface FoundContract {
  readonly contract: TaskContract;
  readonly checked: boolean;
}

/**
 * Finds a task among the tasks of the files and the contracts of the configuration. One that nobody knows needs its
 * queue named, and its payload is not checked.
 *
 * @throws UsageError
 */
export function findContract(
  task: string,
  queue: string | undefined,
  app: TaskApp,
  { config }: LoadedConfig,
): FoundContract {
  const known = knownContracts(app, config.contracts ?? []);
  const contract = known.get(task);
  if (contract !== undefined) {
    if (queue === undefined || queue === contract.queue) return { contract, checked: true };
    throw new UsageError(`the task "${task}" lives in the queue "${contract.queue}", not in "${queue}"`);
  }
  const queueIsWrong = queue === undefined ? undefined : queueNameProblem(queue);
  if (queueIsWrong !== undefined) throw new UsageError(`--queue: ${queueIsWrong}`);
  if (queue !== undefined) return { contract: defineTask(task, { queue, payload: 'unchecked' }), checked: false };
  const nearest = nearestName(task, [...known.keys()]);
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  throw new UsageError(
    `the task "${task}" is not known here.${hint} Name the files that define it (--tasks, or warren.config.js), or its queue (--queue): its payload is then not checked`,
  );
}

/** The contract of a letter's task; any JSON will do where nobody knows it. */
export function contractOfLetter({ task, queue }: DeadLetter, app: TaskApp, { config }: LoadedConfig): TaskContract {
  const known = task === undefined ? undefined : knownContracts(app, config.contracts ?? []).get(task);
  return known ?? defineTask('unknown', { queue, payload: 'unchecked' });
}

function knownContracts(app: TaskApp, contracts: readonly TaskContract[]): ReadonlyMap<string, TaskContract> {
  const fromTasks = app.catalog.tasks.map(
    ({ name, queue, payload }): TaskContract => Object.freeze({ kind: 'task-contract', name, queue, payload }),
  );
  return new Map([...contracts, ...fromTasks].map((contract) => [contract.name, contract]));
}

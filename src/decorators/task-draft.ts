import type { ClassType } from '../task/class-type';
import type { InheritedRecords, Owned } from './inherited-records';
import { memberLabel } from './labels';
import type { TaskRecord } from './metadata-registry';
import type { TaskOptions } from './task-options';

/** A task that is found and named, and not yet checked: name and queue are as the user gave them. */
export interface TaskDraft extends Owned<TaskRecord> {
  /** The class whose instances do the work. */
  readonly type: ClassType;
  readonly label: string;
  readonly name: unknown;
  /** Whether the name was chosen, and does not follow from the queue's. */
  readonly hasOwnName: boolean;
  readonly queue: unknown;
  /** Whether the queue was named for this task, and is not that of its class. */
  readonly hasOwnQueue: boolean;
}

/** The tasks of a class, inherited ones included. */
export function draftTasks({ type, queue, tasks }: InheritedRecords): readonly TaskDraft[] {
  return [...tasks.values()].map(({ record, owner }) => {
    const options = optionsOf(record);
    const ownQueue = record.contract?.queue ?? options.queue;
    const ownName = record.contract?.name ?? record.name ?? options.name;
    const home = ownQueue ?? queue?.record.name;
    return {
      type,
      record,
      owner,
      label: memberLabel(type, record.key),
      name: ownName ?? defaultName(type, record, home),
      hasOwnName: ownName !== undefined,
      queue: home,
      hasOwnQueue: ownQueue !== undefined,
    };
  });
}

/**
 * Leaves out what a listed class hands on to a listed class that extends it. A file of tasks exports its base too, and
 * whether that is abstract cannot be seen: its tasks are its own only where they have a queue and another name.
 */
export function withoutBases(drafts: readonly TaskDraft[], types: readonly ClassType[]): readonly TaskDraft[] {
  return drafts.filter(({ type, record, queue, name }) => {
    const heirs = types.filter((other) => isHeir(other, type));
    if (queue === undefined) return heirs.length === 0;
    return !drafts.some(
      (other) => heirs.includes(other.type) && other.record.key === record.key && other.name === name,
    );
  });
}

function isHeir(type: ClassType, base: ClassType): boolean {
  return Object.prototype.isPrototypeOf.call(base, type);
}

function optionsOf(record: TaskRecord): TaskOptions {
  return typeof record.options === 'object' && record.options !== null ? record.options : {};
}

function defaultName(type: ClassType, record: TaskRecord, queue: unknown): string | undefined {
  const own =
    record.on === 'class'
      ? lowerFirst(type.name)
      : typeof record.key === 'symbol'
        ? record.key.description
        : record.key;
  return typeof queue === 'string' && own !== undefined && own !== '' ? `${queue}.${own}` : undefined;
}

const lowerFirst = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1);

import { OptionReader } from '../options/option-reader';
import type { QueueBinding, QueueType } from '../task/definition';
import { queueNameProblem } from '../task/names';
import type { Owned } from './inherited-records';
import { className } from './labels';
import type { QueueRecord } from './metadata-registry';
import { parseBindings } from './parse-bindings';
import { parseTaskDefaults, TASK_DEFAULT_KEYS, type TaskLevel } from './parse-task-defaults';
import type { TaskQueueOptions } from './task-queue-options';

export const QUEUE_KEYS = [
  'concurrency',
  'prefetch',
  'type',
  'bindings',
  'maxPriority',
  'maxCrashes',
  ...TASK_DEFAULT_KEYS,
] as const satisfies readonly (keyof TaskQueueOptions)[];

const QUEUE_TYPES = ['quorum', 'classic'] as const satisfies readonly QueueType[];

/** What one `@TaskQueue` says, read and checked. `undefined`: it says nothing about it. */
export interface ParsedTaskQueue {
  readonly name: string;
  /** The class that says it, for people. */
  readonly owner: string;
  readonly concurrency: number | undefined;
  readonly prefetch: number | undefined;
  readonly type: QueueType | undefined;
  readonly maxPriority: number | undefined;
  readonly maxCrashes: number | undefined;
  readonly bindings: readonly QueueBinding[];
  readonly tasks: TaskLevel;
}

/** Reads a `@TaskQueue`; `undefined` where its name is of no use. */
export function parseTaskQueue({ record, owner }: Owned<QueueRecord>, problems: string[]): ParsedTaskQueue | undefined {
  const reader = new OptionReader(record.options, `@TaskQueue of ${className(owner)}`, problems);
  reader.refuseUnknown(QUEUE_KEYS);
  const nameIsWrong = queueNameProblem(record.name);
  reader.note(nameIsWrong);
  const parsed = {
    owner: className(owner),
    concurrency: reader.wholeNumber('concurrency', 1, 10_000),
    prefetch: reader.wholeNumber('prefetch', 1, 65_535),
    type: reader.oneOf('type', QUEUE_TYPES),
    maxPriority: reader.wholeNumber('maxPriority', 1, 255),
    maxCrashes: reader.wholeNumber('maxCrashes', 2, 15),
    bindings: parseBindings(reader),
    tasks: parseTaskDefaults(reader),
  };
  return nameIsWrong === undefined ? Object.freeze({ name: record.name as string, ...parsed }) : undefined;
}

import type { ClassType } from '../task/class-type';
import { className, memberLabel } from './labels';
import { type ClassRecords, type QueueRecord, recordsOf, type TaskRecord } from './metadata-registry';

/** A record and the class that was decorated with it: the class itself or one that it extends. */
export interface Owned<R> {
  readonly record: R;
  readonly owner: ClassType;
}

/** All that a class says and inherits. */
export interface InheritedRecords {
  readonly type: ClassType;
  readonly queue: Owned<QueueRecord> | undefined;
  readonly tasks: ReadonlyMap<string | symbol, Owned<TaskRecord>>;
}

/** Whether a value is a class with tasks or a task queue, of its own or inherited. */
export function isTaskClass(value: unknown): value is ClassType {
  if (typeof value !== 'function') return false;
  try {
    return lineage(value as ClassType).some((type) => recordsOf(type) !== undefined);
  } catch {
    // Somebody's proxy that throws when it is looked at.
    return false;
  }
}

/** Collects what a class and its bases recorded; the nearest record of a method, and the nearest queue, counts. */
export function collectRecords(type: ClassType, problems: string[]): InheritedRecords {
  let queue: Owned<QueueRecord> | undefined;
  const tasks = new Map<string | symbol, Owned<TaskRecord>>();
  for (const owner of lineage(type)) {
    const records = recordsOf(owner);
    if (records === undefined) continue;
    noteMisplaced(owner, records, problems);
    for (const record of records.queues) queue = { record, owner };
    for (const record of records.tasks) if (record.on !== 'static') tasks.set(record.key, { record, owner });
  }
  return { type, queue, tasks };
}

/** The class and those that it extends, the outermost base first. */
function lineage(type: ClassType): readonly ClassType[] {
  const types: ClassType[] = [];
  for (let at: unknown = type; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    types.unshift(at as ClassType);
  }
  return types;
}

function noteMisplaced(owner: ClassType, records: ClassRecords, problems: string[]): void {
  if (records.queues.length > 1) problems.push(`${className(owner)}: has more than one @TaskQueue, keep one`);
  const seen = new Set<string | symbol>();
  for (const { on, key } of records.tasks) {
    const label = memberLabel(owner, key);
    if (on === 'static')
      problems.push(`${label}: @Task cannot be on a static method, since a task runs on an instance`);
    else if (seen.has(key)) problems.push(`${label}: has more than one @Task, keep one`);
    seen.add(key);
  }
}

import type { ClassType } from '../task/class-type';
import type { TaskContract } from '../task/contract';

export type PayloadIndex = number | 'part';

/** What one `@Task` recorded, unread. */
export interface TaskRecord {
  readonly on: 'method' | 'static' | 'class';
  /** The method that does the work. */
  readonly key: string | symbol;
  readonly contract: TaskContract | undefined;
  /** The name that stands apart from the options: `@Task('emails.send', {})`. */
  readonly name: unknown;
  readonly options: unknown;
  /** The parameter that takes the payload, from 0; -1: none does; `part`: some take properties of it, none the whole. */
  readonly payloadIndex: PayloadIndex;
  /** `design:paramtypes`, or `undefined` where the compiler emitted none. */
  readonly parameterTypes: readonly unknown[] | undefined;
}

/** What one `@TaskQueue` recorded, unread. */
export interface QueueRecord {
  readonly name: unknown;
  readonly options: unknown;
}

/** What the decorators of one class recorded, in the order in which they ran. What it inherits is not in it. */
export interface ClassRecords {
  readonly queues: readonly QueueRecord[];
  readonly tasks: readonly TaskRecord[];
}

const KEY = Symbol.for('warren.metadata');

/**
 * Kept on `globalThis`, so that two copies of Warren in one process (one from ESM, one from CommonJS, say) see each
 * other's classes; weak, so that it holds no class alive.
 */
function registry(): WeakMap<object, ClassRecords> {
  const shared = globalThis as { [KEY]?: WeakMap<object, ClassRecords> };
  shared[KEY] ??= new WeakMap();
  return shared[KEY];
}

/** What a class itself was decorated with, or `undefined` for nothing. */
export function recordsOf(type: object): ClassRecords | undefined {
  return registry().get(type);
}

export function recordTask(type: ClassType, record: TaskRecord): void {
  const known = recordsOf(type);
  registry().set(type, { queues: known?.queues ?? [], tasks: [...(known?.tasks ?? []), Object.freeze(record)] });
}

export function recordQueue(type: ClassType, record: QueueRecord): void {
  const known = recordsOf(type);
  registry().set(type, { queues: [...(known?.queues ?? []), Object.freeze(record)], tasks: known?.tasks ?? [] });
}

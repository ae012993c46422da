import { assertNever } from '../errors/assert-never';
import type { TaskContract } from '../task/contract';
import type { TaskDefinition } from '../task/definition';

export const NAME_KINDS = ['tasks', 'queues', 'schedules'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

/** A shell expands what it completes: nothing but letters, digits and these goes to it. */
const HARMLESS = /^[\p{L}\p{N}._:@/+-]+$/u;

/** The names of one kind that a project knows, for completion: sorted, each once. */
export function knownNames(
  kind: NameKind,
  tasks: readonly TaskDefinition[],
  contracts: readonly TaskContract[],
): readonly string[] {
  const names = [...namesIn(kind, tasks, contracts)].filter((name) => HARMLESS.test(name) && !name.startsWith('-'));
  return [...new Set(names)].sort();
}

function namesIn(
  kind: NameKind,
  tasks: readonly TaskDefinition[],
  contracts: readonly TaskContract[],
): readonly string[] {
  switch (kind) {
    case 'tasks':
      return [...tasks, ...contracts].map(({ name }) => name);
    case 'queues':
      return [...tasks, ...contracts].map(({ queue }) => queue);
    case 'schedules':
      return tasks.flatMap(({ schedules }) => schedules.map(({ name }) => name));
    default:
      return assertNever(kind);
  }
}

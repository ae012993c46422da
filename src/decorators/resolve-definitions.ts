import { ConfigurationError } from '../errors/configuration-error';
import { describeValue } from '../options/describe-value';
import { OptionReader } from '../options/option-reader';
import type { ClassType } from '../task/class-type';
import type { QueueDefinition, TaskDefinition } from '../task/definition';
import { TaskCatalog } from './catalog';
import { noteDuplicateNames, noteDuplicateSchedules, noteRoutingKeys } from './check-definitions';
import { collectRecords, type InheritedRecords } from './inherited-records';
import { className } from './labels';
import { parseTaskDefaults, TASK_DEFAULT_KEYS, type TaskLevel } from './parse-task-defaults';
import { type ParsedTaskQueue, parseTaskQueue } from './parse-task-queue';
import { resolveQueue } from './resolve-queue';
import { resolveTask } from './resolve-task';
import { draftTasks, type TaskDraft, withoutBases } from './task-draft';
import type { TaskDefaults } from './task-options';

/** The tasks of some classes, and what their queues will be made of. */
interface ResolvedTasks {
  readonly drafts: readonly TaskDraft[];
  readonly parsed: ReadonlyMap<ClassType, ParsedTaskQueue>;
  readonly tasks: readonly TaskDefinition[];
}

/**
 * Makes a catalog of what the decorators recorded on these classes and on those that they extend.
 *
 * @param defaults - what counts for every task that, with its class, says nothing else.
 * @throws ConfigurationError with every mistake in these classes, and between them, at once.
 */
export function resolveDefinitions(classes: readonly ClassType[], defaults: TaskDefaults = {}): TaskCatalog {
  const problems: string[] = [];
  const { drafts, parsed, tasks } = resolveTasks(classes, defaults, problems);
  const queues = resolveQueues(parsed, drafts, problems);
  noteRoutingKeys(tasks, queues, problems);
  throwIfAny(problems);
  return new TaskCatalog(tasks, queues);
}

/**
 * The tasks of one class by method, for who sends them and may have none of the other classes: what these say about
 * their common queue is not asked for.
 *
 * @throws ConfigurationError with every mistake in this class at once.
 */
export function resolveTasksOf(type: ClassType): ReadonlyMap<string | symbol, TaskDefinition> {
  const problems: string[] = [];
  const { tasks } = resolveTasks([type], {}, problems);
  throwIfAny(problems);
  return new Map(tasks.map((task) => [task.handler.method, task]));
}

/** The queues that a class declares as classic ones. What is wrong with the class is not asked for. */
export function classicQueuesOf(type: ClassType): ReadonlySet<string> {
  const { parsed } = resolveTasks([type], {}, []);
  return new Set([...parsed.values()].flatMap((queue) => (queue.type === 'classic' ? [queue.name] : [])));
}

function resolveTasks(classes: readonly ClassType[], defaults: TaskDefaults, problems: string[]): ResolvedTasks {
  const appLevel = parseAppDefaults(defaults, problems);
  const collected = checkedClasses(classes, problems).map((type) => collectRecords(type, problems));
  const drafts = draftAll(collected, problems);
  const parsed = parseQueues(collected, drafts, problems);
  const tasks = drafts.flatMap((draft) => resolveTask(draft, levelsOf(draft.type, parsed, appLevel), problems) ?? []);
  noteDuplicateNames(tasks, problems);
  noteDuplicateSchedules(tasks, problems);
  return { drafts, parsed, tasks };
}

/** Classes that inherit a mistake report it once. */
function throwIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)]);
}

function parseAppDefaults(defaults: TaskDefaults, problems: string[]): TaskLevel {
  const reader = new OptionReader(defaults, 'task defaults', problems);
  reader.refuseUnknown(TASK_DEFAULT_KEYS);
  return parseTaskDefaults(reader);
}

function checkedClasses(classes: readonly unknown[], problems: string[]): readonly ClassType[] {
  const types = new Set<ClassType>();
  for (const [index, type] of classes.entries()) {
    const hint = type === undefined ? '; a circular import is the usual reason' : '';
    if (typeof type === 'function') types.add(type as ClassType);
    else problems.push(`task class ${index + 1} must be a class, got ${describeValue(type)}${hint}`);
  }
  return [...types];
}

function draftAll(collected: readonly InheritedRecords[], problems: string[]): readonly TaskDraft[] {
  for (const { type, tasks } of collected) {
    if (tasks.size === 0) problems.push(`${className(type)}: has no task: mark a method, or the class, with @Task`);
  }
  const types = collected.map(({ type }) => type);
  return withoutBases(collected.flatMap(draftTasks), types);
}

/** The `@TaskQueue` of each class, but not of those whose tasks are all left to the classes that extend them. */
function parseQueues(
  collected: readonly InheritedRecords[],
  drafts: readonly TaskDraft[],
  problems: string[],
): ReadonlyMap<ClassType, ParsedTaskQueue> {
  const parsed = new Map<ClassType, ParsedTaskQueue>();
  for (const { type, queue, tasks } of collected) {
    const isOnlyBase = tasks.size > 0 && !drafts.some((draft) => draft.type === type);
    const taskQueue = queue === undefined || isOnlyBase ? undefined : parseTaskQueue(queue, problems);
    if (taskQueue !== undefined) parsed.set(type, taskQueue);
  }
  return parsed;
}

function levelsOf(
  type: ClassType,
  parsed: ReadonlyMap<ClassType, ParsedTaskQueue>,
  appLevel: TaskLevel,
): readonly TaskLevel[] {
  const classLevel = parsed.get(type)?.tasks;
  return classLevel === undefined ? [appLevel] : [classLevel, appLevel];
}

/** Every queue that a class or a task names. */
function resolveQueues(
  parsed: ReadonlyMap<ClassType, ParsedTaskQueue>,
  drafts: readonly TaskDraft[],
  problems: string[],
): readonly QueueDefinition[] {
  const homes = new Set(drafts.map((draft) => draft.queue).filter((queue) => typeof queue === 'string'));
  for (const [type, { name, owner }] of parsed) {
    if (homes.has(name) || !drafts.some((draft) => draft.type === type)) continue;
    problems.push(`@TaskQueue of ${owner}: no task lives in queue "${name}", they all name others`);
  }
  const said = [...parsed.values()];
  return [...homes].map((home) =>
    resolveQueue(
      home,
      said.filter(({ name }) => name === home),
      problems,
    ),
  );
}

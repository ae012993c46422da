import { describeValue } from '../options/describe-value';
import { OptionReader } from '../options/option-reader';
import { longestLife } from '../retry/longest-life';
import { resolveRetry } from '../retry/normalize-retry';
import type { TaskDefinition } from '../task/definition';
import { nameProblem, queueNameProblem } from '../task/names';
import { describePayloadType, type PayloadType } from '../task/payload-type';
import { DAY } from '../time/duration';
import { methodOf } from './handler-method';
import { className, memberLabel } from './labels';
import { isGenerator } from './method-source';
import { readSchedules } from './parse-schedules';
import { DEFAULT_TIMEOUT_MS, parseTaskDefaults, TASK_DEFAULT_KEYS, type TaskLevel } from './parse-task-defaults';
import { readPayloadOption, resolvePayload } from './resolve-payload';
import { readRoutingKeys } from './routing-keys';
import type { TaskDraft } from './task-draft';
import type { TaskOptions } from './task-options';

export const TASK_KEYS = [
  'name',
  'queue',
  'payload',
  'routingKey',
  'schedule',
  ...TASK_DEFAULT_KEYS,
] as const satisfies readonly (keyof TaskOptions)[];

const NO_QUEUE =
  "has no queue: put @TaskQueue('…') on the class, or name one in @Task({ queue: '…' }). A class that is only a base of others need not be listed or exported";
const GENERATOR = 'is a generator function: a call of it runs nothing of its body; make it an async method without "*"';
const NO_NAME = "has nothing that could be its name: give it one, @Task({ name: '…' })";

/**
 * Resolves one task; `undefined` where its name, its queue or its method is of no use.
 *
 * @param levels - what the task's class and the app say, the nearest first.
 */
export function resolveTask(
  draft: TaskDraft,
  levels: readonly TaskLevel[],
  problems: string[],
): TaskDefinition | undefined {
  const { record, owner, type, label } = draft;
  // Named after the class that was decorated: a mistake that three classes inherit is one mistake.
  const reader = new OptionReader(record.options, memberLabel(owner, record.key), problems);
  reader.refuseUnknown(TASK_KEYS);
  noteContradictions(draft, reader);
  const all = [parseTaskDefaults(reader), ...levels];
  const routingKeys = readRoutingKeys(reader) ?? Object.freeze([]);
  const method = methodOf(type, record.key);
  if (method === undefined) reader.note(missingMethod(draft));
  else if (isGenerator(method)) reader.note(GENERATOR);
  const payload = method === undefined ? undefined : resolvePayload(record, method, reader);
  const named = checkedNames(draft, problems);
  const retry = resolveRetry(all.map((level) => level.retry));
  const timeoutMs = all.find((level) => level.timeoutMs !== undefined)?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const lifeMs = longestLife(retry, timeoutMs, DAY);
  const schedules = readSchedules(reader, typeof draft.name === 'string' ? draft.name : undefined, lifeMs);
  if (named === undefined || payload === undefined) return undefined;
  return Object.freeze({
    ...named,
    payload,
    retry,
    timeoutMs,
    routingKeys,
    schedules,
    handler: Object.freeze({ type, method: record.key, label }),
  });
}

function missingMethod({ record, type }: TaskDraft): string {
  return record.on === 'class'
    ? `a class that is a task needs a method "handle", and ${className(type)} has none`
    : '@Task must be on a method, and this is none (an arrow function in a property is not)';
}

function checkedNames(draft: TaskDraft, problems: string[]): { name: string; queue: string } | undefined {
  const { label, name, queue } = draft;
  const queueIsWrong = queue === undefined ? NO_QUEUE : queueNameProblem(queue);
  const nameIsWrong = name === undefined ? NO_NAME : nameProblem(name, 'a task name');
  // What is wrong with a class's queue is told of its @TaskQueue; a name that follows from a wrong queue is no second mistake.
  const isToldAlready = queue !== undefined && !draft.hasOwnQueue;
  if (queueIsWrong !== undefined && !isToldAlready) problems.push(`${label}: ${queueIsWrong}`);
  const isOwnMistake = draft.hasOwnName || queueIsWrong === undefined;
  if (nameIsWrong !== undefined && isOwnMistake) problems.push(`${label}: ${nameIsWrong}`);
  const isRight = queueIsWrong === undefined && nameIsWrong === undefined;
  return isRight ? { name: name as string, queue: queue as string } : undefined;
}

/** Notes where the options say something else than what stands before them in the call. */
function noteContradictions({ record, name }: TaskDraft, reader: OptionReader): void {
  const { contract } = record;
  const before = contract === undefined ? 'in front of them' : 'in the contract';
  const note = (key: string, option: string, first: string): void =>
    reader.note(`${key} is ${option} in the options and ${first} ${before}: remove the option`);

  const ownName = reader.value('name');
  if (ownName !== undefined && ownName !== name) note('name', describeValue(ownName), describeValue(name));
  if (contract === undefined) return;
  const { queue } = contract;
  const ownQueue = reader.value('queue');
  if (ownQueue !== undefined && ownQueue !== queue) note('queue', describeValue(ownQueue), describeValue(queue));
  const payload = readPayloadOption(reader);
  if (payload === undefined || isSamePayload(payload, contract.payload)) return;
  note('payload', describePayloadType(payload), describePayloadType(contract.payload));
}

function isSamePayload(a: PayloadType, b: PayloadType): boolean {
  return a.kind === b.kind && ('type' in a ? a.type : undefined) === ('type' in b ? b.type : undefined);
}

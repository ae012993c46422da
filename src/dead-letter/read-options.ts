import { InvalidOptionsError } from '../errors/enqueue-errors';
import { describeValue } from '../options/describe-value';
import { OptionReader } from '../options/option-reader';
import { DEAD_LETTER_REASONS } from '../settlement/outcome';
import { queueNameProblem } from '../task/names';
import type { DeadLetter } from './dead-letter';
import type { DeadLetterFilter } from './filter';
import type { DiscardOptions, EachOptions, ListOptions, ReplayOptions } from './options';

/** Which methods of dead letters take options. */
type Call = 'list' | 'each' | 'replay' | 'discard';

const KEYS = {
  list: ['filter', 'limit'],
  each: ['filter', 'limit', 'signal'],
  discard: ['filter', 'limit', 'dryRun', 'signal', 'onProgress'],
  replay: ['filter', 'limit', 'ratePerSecond', 'staged', 'edit', 'dryRun', 'signal', 'onProgress'],
} as const satisfies Record<Call, readonly (keyof ReplayOptions)[]>;

const FILTER_KEYS = [
  'ids',
  'task',
  'reason',
  'error',
  'message',
  'diedBefore',
  'diedAfter',
  'where',
] as const satisfies readonly (keyof DeadLetterFilter)[];

/** Slower than once in about 12 days is no rate but a mistake; a timer could not wait for it either. */
const MIN_RATE = 1e-6;
const MAX_RATE = 1e6;

interface OptionsOf {
  readonly list: ListOptions;
  readonly each: EachOptions;
  readonly replay: ReplayOptions;
  readonly discard: DiscardOptions;
}

/**
 * Checks everything that a method of dead letters is given, before anything is read from the broker: a key that nobody
 * knows must never mean "no filter".
 * @throws InvalidOptionsError with every mistake at once.
 */
export function readDeadLetterOptions<C extends Call>(call: C, queue: string, options: unknown = {}): OptionsOf[C] {
  const problems: string[] = [];
  const queueProblem = queueNameProblem(queue);
  if (queueProblem !== undefined) problems.push(`the queue: ${queueProblem}`);
  const where = `deadLetters.${call}`;
  const said: string[] = [];
  const reader = new OptionReader(isPlain(options) ? options : {}, where, said);
  if (!isPlain(options)) reader.refuse('the options', 'a plain object', options);
  reader.refuseUnknown(KEYS[call]);
  const resolved = definedOnly({
    filter: readFilter(reader, isPlain(options) ? options : {}, where, said),
    limit: reader.wholeNumber('limit', 1, Number.MAX_SAFE_INTEGER),
    ratePerSecond: reader.number('ratePerSecond', MIN_RATE, MAX_RATE),
    staged: reader.flag('staged'),
    dryRun: reader.flag('dryRun'),
    edit: readFunction(reader, 'edit'),
    onProgress: readFunction(reader, 'onProgress'),
    signal: readSignal(reader),
  });
  problems.push(...said.map((problem) => problem.slice(where.length + 2)));
  if (problems.length > 0) throw new InvalidOptionsError(undefined, problems, `call ${where}`);
  return resolved as OptionsOf[C];
}

/** @throws InvalidOptionsError when the name is none. */
export function checkQueueName(call: string, queue: string): void {
  const problem = queueNameProblem(queue);
  if (problem !== undefined) throw new InvalidOptionsError(undefined, [`the queue: ${problem}`], `call ${call}`);
}

function readFilter(
  reader: OptionReader,
  options: object,
  where: string,
  problems: string[],
): DeadLetterFilter | undefined {
  if (!Object.hasOwn(options, 'filter')) return undefined;
  const value = reader.value('filter');
  // A filter that was looked up and not found must not become "every letter".
  if (!isPlain(value)) return reader.refuse('filter', 'a plain object (leave it out to mean every letter)', value);
  const filter = new OptionReader(value, where, problems, 'filter.');
  filter.refuseUnknown(FILTER_KEYS);
  for (const key of FILTER_KEYS) {
    if (Object.hasOwn(value, key) && filter.value(key) === undefined) {
      filter.refuse(key, 'given, or left out to mean any');
    }
  }
  return Object.freeze(
    definedOnly({
      ids: readIds(filter),
      task: readText(filter, 'task'),
      reason: filter.oneOf('reason', DEAD_LETTER_REASONS),
      error: readText(filter, 'error'),
      message: readText(filter, 'message'),
      diedBefore: readInstant(filter, 'diedBefore'),
      diedAfter: readInstant(filter, 'diedAfter'),
      where: checkedCondition(readFunction(filter, 'where') as DeadLetterFilter['where']),
    }),
  );
}

function readIds(filter: OptionReader): readonly string[] | undefined {
  const ids = filter.list('ids', 'a list of ids');
  if (ids === undefined) return undefined;
  const wrong = [...ids].findIndex((id) => typeof id !== 'string' || id === '');
  if (wrong !== -1) return filter.refuse(`ids[${wrong}]`, 'a string that is not empty', ids[wrong]);
  return Object.freeze([...(ids as readonly string[])]);
}

function readText(filter: OptionReader, key: 'task' | 'error' | 'message'): string | undefined {
  const value = filter.value(key);
  if (value === undefined || (typeof value === 'string' && value !== '')) return value as string | undefined;
  return filter.refuse(key, 'a string that is not empty');
}

/** A copy: a date can be changed while letters are read. */
function readInstant(filter: OptionReader, key: 'diedBefore' | 'diedAfter'): Date | undefined {
  const value = filter.value(key);
  if (value === undefined) return undefined;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return new Date(value);
  return filter.refuse(key, 'a valid Date');
}

/** A promise would count as true, and every letter be meant. */
function checkedCondition(where: DeadLetterFilter['where']): DeadLetterFilter['where'] {
  if (where === undefined) return undefined;
  return (letter: DeadLetter) => {
    const meant: unknown = where(letter);
    if (typeof meant !== 'object' || meant === null || typeof Reflect.get(meant, 'then') !== 'function') {
      return Boolean(meant);
    }
    Promise.resolve(meant).catch(() => undefined);
    const problem = 'filter.where must answer at once: it returned a promise, which would mean every letter';
    throw new InvalidOptionsError(undefined, [problem], 'filter dead letters');
  };
}

function readFunction(reader: OptionReader, key: string): unknown {
  const value = reader.value(key);
  return value === undefined || typeof value === 'function' ? value : reader.refuse(key, 'a function');
}

function readSignal(reader: OptionReader): AbortSignal | undefined {
  const value = reader.value('signal');
  if (value === undefined || value instanceof AbortSignal) return value;
  return reader.refuse('signal', 'an AbortSignal');
}

/** The payload that `edit` gave. @throws InvalidOptionsError when it is no payload. */
export function editedPayload(edited: unknown): Buffer | undefined {
  if (edited === undefined || Buffer.isBuffer(edited)) return edited;
  if (edited instanceof Uint8Array) return Buffer.from(edited);
  const problem = `edit must give a Buffer, or undefined to leave the letter, got ${describeValue(edited)}`;
  throw new InvalidOptionsError(undefined, [problem], 'replay a dead letter');
}

/** Options that a class or a prototype holds would be overlooked, and a Map holds no keys. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function definedOnly<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

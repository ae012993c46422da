import { nameProblem } from '../../task/names';
import {
  flag,
  type Json,
  list,
  object,
  oneOf,
  optional,
  readable,
  readJson,
  readPart,
  shortText,
  text,
  whole,
  wrongShape,
} from './json-shape';
import { MAX_STATE_BYTES } from './limits';
import { nameOf, readRelease, readSchedule, stableText } from './schedule-json';
import {
  type Answer,
  type AwaitedRun,
  type Refusal,
  type ScheduleEntry,
  type ScheduleState,
  setAsideOf,
  type UnusableEntry,
  type WorkerSeen,
  withSetAside,
} from './state';

/** Of the state's JSON. A worker that meets a higher number leaves the state to newer ones. */
export const STATE_FORMAT = 1;
/** Leaderships, and states of one, that are counted: far more than there can be, and far from where numbers lose their last digit. */
export const MAX_FENCE = 2 ** 48;

const REFUSALS = ['unknown', 'exists', 'in-code', 'full', 'not-enqueued'] as const satisfies readonly Refusal[];

export function encodeState(state: ScheduleState): Buffer {
  const { fence, seq, entries, releases, workers, answers } = state;
  const rest = JSON.stringify({
    format: STATE_FORMAT,
    fence,
    seq,
    releases: [...releases],
    workers: [...workers],
    answers: answers.map(writtenAnswer),
  });
  // What is set aside goes back word for word: this process could not read it.
  const stored = [
    ...[...entries.values()].map((entry) => JSON.stringify(entry)),
    ...[...setAsideOf(state).values()].map(({ json }) => json),
  ];
  return Buffer.from(`${rest.slice(0, -1)},"entries":[${stored.join(',')}]}`);
}

/** Versions before this one take no answer with an unknown refusal, nor a state with such an answer. */
function writtenAnswer({ refusal, ...answer }: Answer): Record<string, unknown> {
  return refusal === 'unusable' ? { ...answer, refusal: 'not-enqueued', why: refusal } : { ...answer, refusal };
}

/** `undefined` for what is no state of this format. What is wrong with one entry or one worker leaves the others as they are. */
export function decodeState(body: Buffer): ScheduleState | undefined {
  if (body.length > MAX_STATE_BYTES) return undefined;
  return readJson(body, (value) => {
    const json = object(value);
    if (json['format'] !== STATE_FORMAT) return wrongShape('another format');
    const { entries, unusable } = readEntries(json['entries']);
    const state: ScheduleState = {
      fence: count(json['fence']),
      seq: count(json['seq']),
      entries,
      releases: new Map(readable(json['releases'], (pair) => readPair(pair, readRelease))),
      workers: new Map(readable(json['workers'], (pair) => readPair(pair, readWorker))),
      answers: readable(json['answers'], readAnswer),
    };
    return withSetAside(state, unusable);
  });
}

/** Whether this was written by a version of Warren that is newer than this one. */
export function isOfNewerFormat(body: Buffer): boolean {
  if (body.length > MAX_STATE_BYTES) return false;
  return readJson(body, (value) => whole(object(value)['format']) > STATE_FORMAT) ?? false;
}

function count(value: unknown): number {
  const given = whole(value);
  return given >= 0 && given <= MAX_FENCE ? given : wrongShape('a count is out of range');
}

function readEntries(value: unknown): Required<Pick<ScheduleState, 'entries' | 'unusable'>> {
  const entries = new Map<string, ScheduleEntry>();
  const unusable = new Map<string, UnusableEntry>();
  for (const { each, read } of list(value, (each) => ({ each, read: readPart(each, readEntry) }))) {
    if (read.ok) entries.set(read.value.schedule.name, read.value);
    else {
      const aside = setAside(each, read.problem);
      if (aside !== undefined) unusable.set(aside.name, aside);
    }
  }
  return { entries, unusable };
}

/** @param entry - an entry, or what stands in place of one. `undefined` for what cannot be written again. */
export function setAside(entry: unknown, problem: string): UnusableEntry | undefined {
  const json = stableText(entry);
  if (json === '') return undefined;
  const { schedule, origin } = asJson(entry);
  const { task, queue } = asJson(schedule);
  return {
    name: nameOf(schedule ?? entry),
    task: shownName(task),
    queue: shownName(queue),
    origin: origin === 'code' ? 'code' : 'run-time',
    problem,
    json,
  };
}

const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

const shownName = (name: unknown): string => (nameProblem(name, '') === undefined ? (name as string) : '');

function readPair<T>(value: unknown, read: (value: unknown) => T): [string, T] {
  if (!Array.isArray(value) || value.length !== 2) return wrongShape('a pair is missing');
  return [shortText(value[0]), read(value[1])];
}

function readEntry(value: unknown): ScheduleEntry {
  const json = object(value);
  return {
    schedule: readSchedule(json['schedule']),
    origin: oneOf(json['origin'], ['code', 'run-time'] as const),
    paused: flag(json['paused']),
    position: whole(json['position']),
    lastTick: optional(json['lastTick'], whole),
    awaited: optional(json['awaited'], readAwaited),
    dormantSince: optional(json['dormantSince'], whole),
  };
}

function readAwaited(value: unknown): AwaitedRun {
  const json = object(value);
  return { id: shortText(json['id']), at: whole(json['at']) };
}

function readWorker(value: unknown): WorkerSeen {
  const json = object(value);
  return {
    release: optional(json['release'], (key) => shortText(key)),
    startedAt: whole(json['startedAt']),
    seenAt: whole(json['seenAt']),
  };
}

function readAnswer(value: unknown): Answer {
  const json = object(value);
  const id = shortText(json['id']);
  if (json['why'] === 'unusable') return { id, refusal: 'unusable', problem: optional(json['problem'], text) };
  return { id, refusal: optional(json['refusal'], (word) => oneOf(word, REFUSALS)) };
}

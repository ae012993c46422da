import { flag, list, object, oneOf, optional, readJson, text, whole, wrongShape } from './json-shape';
import { readRelease, readSchedule } from './schedule-json';
import type { Answer, AwaitedRun, Refusal, ScheduleEntry, ScheduleState, WorkerSeen } from './state';

/** Of the state's JSON. A worker that meets a higher number leaves the state to newer ones. */
export const STATE_FORMAT = 1;

const REFUSALS = ['unknown', 'exists', 'in-code', 'full', 'not-enqueued'] as const satisfies readonly Refusal[];

export function encodeState(state: ScheduleState): Buffer {
  const { fence, seq, entries, releases, workers, answers } = state;
  return Buffer.from(
    JSON.stringify({
      format: STATE_FORMAT,
      fence,
      seq,
      entries: [...entries.values()],
      releases: [...releases],
      workers: [...workers],
      answers,
    }),
  );
}

/** `undefined` for what is no state of this format. */
export function decodeState(body: Buffer): ScheduleState | undefined {
  return readJson(body, (value) => {
    const json = object(value);
    if (json['format'] !== STATE_FORMAT) return wrongShape('format');
    return {
      fence: whole(json['fence']),
      seq: whole(json['seq']),
      entries: new Map(list(json['entries'], readEntry).map((entry) => [entry.schedule.name, entry])),
      releases: new Map(list(json['releases'], (pair) => readPair(pair, readRelease))),
      workers: new Map(list(json['workers'], (pair) => readPair(pair, readWorker))),
      answers: list(json['answers'], readAnswer),
    };
  });
}

function readPair<T>(value: unknown, read: (value: unknown) => T): [string, T] {
  if (!Array.isArray(value) || value.length !== 2) return wrongShape('pair');
  return [text(value[0]), read(value[1])];
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
  return { id: text(json['id']), at: whole(json['at']) };
}

function readWorker(value: unknown): WorkerSeen {
  const json = object(value);
  return {
    release: optional(json['release'], text),
    startedAt: whole(json['startedAt']),
    seenAt: whole(json['seenAt']),
  };
}

function readAnswer(value: unknown): Answer {
  const json = object(value);
  return { id: text(json['id']), refusal: optional(json['refusal'], (word) => oneOf(word, REFUSALS)) };
}

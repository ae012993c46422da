import fc from 'fast-check';
import { OptionReader } from '../../../../src/options/option-reader';
import { parseScheduleSettings } from '../../../../src/recurrence/parse-schedule';
import { decide, nextDueAt } from '../../../../src/schedule/decide/decide';
import { jitterOf, tickMessage } from '../../../../src/schedule/decide/tick-message';
import {
  readScheduleMessage,
  scheduleMessage,
  stateMark,
  stateMessages,
} from '../../../../src/schedule/state/message-json';
import type { ScheduleCommand, ScheduleMessage } from '../../../../src/schedule/state/messages';
import { scheduleInfos } from '../../../../src/schedule/state/schedule-info';
import { EMPTY_STATE, joinStates, newEntry, type ScheduleState } from '../../../../src/schedule/state/state';
import { decodeState, encodeState } from '../../../../src/schedule/state/state-json';
import { incomingMessage } from '../../support/incoming-message';
import { at, stored } from '../stored';

const STATE: ScheduleState = {
  fence: 7,
  seq: 3,
  entries: new Map([
    ['__proto__', newEntry(stored({ name: '__proto__' }), 'code', at('00:00:00'))],
    [
      'x',
      {
        ...newEntry(
          stored({
            name: 'x',
            rule: { kind: 'cron', cron: '0 3 * * *', timeZone: 'Asia/Tokyo' },
            startAt: 1,
            endAt: 2,
          }),
          'run-time',
          at('00:00:00'),
        ),
        paused: true,
        lastTick: 5,
        awaited: { id: 'x@1', at: 4 },
        dormantSince: 6,
      },
    ],
  ]),
  releases: new Map([['key', { queues: ['reports'], schedules: [stored()] }]]),
  workers: new Map([['w', { release: 'key', startedAt: 1, seenAt: 2 }]]),
  answers: [
    { id: 'a', refusal: undefined },
    { id: 'b', refusal: 'in-code' },
  ],
};

it('a state is read as it was written', () => {
  expect(decodeState(encodeState(STATE))).toEqual(STATE);
  expect(decodeState(encodeState(EMPTY_STATE))).toEqual(EMPTY_STATE);
});

it('a state has a mark that tells it from others without reading it', () => {
  const [own, view] = stateMessages(STATE, 'w');
  expect([own.routingKey, view.routingKey]).toEqual(['warren.schedules', 'warren.schedules.view']);
  expect(stateMark(incomingMessage(own.properties))).toEqual({ fence: 7, seq: 3, leader: 'w' });
  expect(stateMark(incomingMessage({ type: 'other', headers: { 'warren-fence': 1 } }))).toBeUndefined();
});

it.each<[string, unknown]>([
  ['no JSON', undefined],
  ['another format', { ...JSON.parse(encodeState(STATE).toString()), format: 2 }],
  ['no list of entries', { ...JSON.parse(encodeState(STATE).toString()), entries: {} }],
])('%s is no state', (_what, value) => {
  expect(decodeState(Buffer.from(value === undefined ? '{' : JSON.stringify(value)))).toBeUndefined();
});

it.each<ScheduleMessage>([
  {
    kind: 'hello',
    worker: 'w',
    startedAt: 1,
    releaseKey: 'k',
    release: { queues: ['q'], schedules: [stored()] },
    nonce: 'n',
  },
  { kind: 'bye', worker: 'w' },
  { kind: 'ended', name: 'x', taskId: 'x@1' },
  { kind: 'command', command: { kind: 'add', id: 'c', schedule: stored() } },
  { kind: 'command', command: { kind: 'pause', id: 'c', name: 'x' } },
  { kind: 'command', command: { kind: 'trigger', id: 'c', name: 'x', taskId: 't' } },
])('reads a message as it was written: %j', (message) => {
  const { properties, body } = scheduleMessage(message);
  expect(readScheduleMessage({ ...incomingMessage(properties), body })).toEqual(message);
});

it.each([['{'], ['null'], ['{"kind":"hello"}'], ['{"kind":"command","command":{"kind":"drop","id":"1"}}']])(
  'takes %s for nothing',
  (body) => {
    const { properties } = scheduleMessage({ kind: 'bye', worker: 'w' });
    expect(readScheduleMessage({ ...incomingMessage(properties), body: Buffer.from(body) })).toBeUndefined();
  },
);

it('a state that comes late keeps what was noted meanwhile, and what it knew itself', () => {
  const late = { ...EMPTY_STATE, fence: 3, entries: new Map([['x', newEntry(stored({ name: 'x' }), 'run-time', 1)]]) };
  const meanwhile = {
    ...EMPTY_STATE,
    fence: 1,
    seq: 2,
    entries: new Map([['y', newEntry(stored({ name: 'y' }), 'code', 2)]]),
  };
  expect([...joinStates(late, meanwhile).entries.keys()].sort()).toEqual(['x', 'y']);
});

it('jitter is even, within its bounds, and the same for the same id', () => {
  const parts = Array.from({ length: 1_000 }, (_, index) => jitterOf(`a@${index}`, 1_000));
  expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...parts)).toBeLessThan(1_000);
  const quarters = [0, 1, 2, 3].map((quarter) => parts.filter((part) => Math.floor(part / 250) === quarter).length);
  expect(Math.min(...quarters)).toBeGreaterThan(180);
  expect(jitterOf('a@7', 1_000)).toBe(parts[7]);
});

const stateJson = (): Record<string, unknown> => JSON.parse(encodeState(STATE).toString());
const entryJson = (): Record<string, unknown> => (stateJson()['entries'] as Record<string, unknown>[])[1] ?? {};

it.each<[string, Record<string, unknown>, string]>([
  [
    'an impossible rule',
    {
      ...entryJson(),
      schedule: { ...stored({ name: 'bad' }), rule: { kind: 'cron', cron: '0 0 31 2 *', timeZone: 'UTC' } },
    },
    'cron: it must be an expression that happens at all (no month has this day)',
  ],
  [
    'a time zone that is unknown here',
    {
      ...entryJson(),
      schedule: { ...stored({ name: 'bad' }), rule: { kind: 'cron', cron: '@daily', timeZone: 'Mars/Base' } },
    },
    'timeZone: this process knows no time zone "Mars/Base"',
  ],
  [
    'a start after all ticks',
    { ...entryJson(), schedule: stored({ name: 'bad', startAt: 8.64e15 }) },
    'startAt: 8640000000000000 is out of range',
  ],
  [
    'an instant beyond all dates',
    { ...entryJson(), schedule: stored({ name: 'bad' }), position: 1e300 },
    'a number is missing, or too large',
  ],
])('an entry with %s is set aside and written again as it was', (_what, entry, problem) => {
  const body = Buffer.from(JSON.stringify({ ...stateJson(), entries: [entryJson(), entry] }));
  const state = decodeState(body);
  expect([...(state?.entries.keys() ?? [])]).toEqual(['x']);
  expect([...(state?.unusable?.values() ?? [])]).toMatchObject([{ name: 'bad', problem }]);
  const again = JSON.parse(encodeState(state ?? EMPTY_STATE).toString());
  expect(again.entries).toEqual([entryJson(), JSON.parse(JSON.stringify(entry))]);
});

it('no JSON in place of an entry, a worker, a release or an answer takes the others away', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.jsonValue(), (others, value) => {
      const mixed = (key: string): unknown[] => [...others, ...(stateJson()[key] as unknown[]), value];
      const json = {
        ...stateJson(),
        ...Object.fromEntries(['entries', 'releases', 'workers', 'answers'].map((key) => [key, mixed(key)])),
      };
      const state = decodeState(Buffer.from(JSON.stringify(json))) ?? EMPTY_STATE;
      for (const name of STATE.entries.keys()) expect(state.entries.get(name)).toEqual(STATE.entries.get(name));
      expect(state.workers.get('w')).toEqual(STATE.workers.get('w'));
      expect(decodeState(encodeState(state))).toEqual(state);
    }),
  );
});

it('any value of one field of an entry leaves the other entries, and is set aside or can be computed', () => {
  const fields = [
    'startAt',
    'endAt',
    'catchUpLimit',
    'jitterMs',
    'overlapTimeoutMs',
    'rule',
    'name',
    'task',
    'queue',
    'body',
    'contentType',
    'overlap',
    'catchUp',
  ];
  const numbers = fc.oneof(
    fc.double(),
    fc.constantFrom(8.64e15, -8.64e15, 2 ** 53, 0, -1, 0.5, 1e300, 253_402_300_799_999),
  );
  const rules = fc.oneof(
    fc.record({ kind: fc.constant('every'), everyMs: numbers }),
    fc.record({
      kind: fc.constant('cron'),
      cron: fc.oneof(fc.string(), fc.constantFrom('0 0 29 2 *', '@yearly', '* * * * * *')),
      timeZone: fc.oneof(fc.string(), fc.constantFrom('UTC', 'Europe/Berlin')),
    }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...fields),
      fc.oneof(numbers, rules, fc.jsonValue()),
      numbers,
      (field, value, position) => {
        const schedule = { ...stored({ name: 'changed' }), [field]: value };
        const entry = { ...entryJson(), paused: false, dormantSince: undefined, schedule, position };
        const state =
          decodeState(Buffer.from(JSON.stringify({ ...stateJson(), entries: [entryJson(), entry] }))) ?? EMPTY_STATE;
        expect(state.entries.has('x')).toBe(true);
        expect(state.entries.size + (state.unusable?.size ?? 0)).toBe(2);
        const input = { messages: [], now: at('00:00:00'), graceMs: 60_000, mayTick: true, resting: new Set<string>() };
        const decided = decide(state, input).state;
        expect(decided.entries.has('x')).toBe(true);
        expect(scheduleInfos(decided, at('00:00:00')).length).toBeGreaterThan(0);
        expect(decodeState(encodeState(decided))).toBeDefined();
      },
    ),
    { numRuns: 500 },
  );
});

it('any schedule that is accepted can be stored, read by another process, ticked and removed', () => {
  const numbers = fc.oneof(
    fc.double({ noNaN: true }),
    fc.integer(),
    fc.constantFrom(8.64e15, -8.64e15, 0, 1, 253_402_300_799_999, 5000 / 3),
  );
  const instants = fc.oneof(
    numbers,
    numbers.map((ms) => new Date(ms)),
    fc.constant(new Date(Number.NaN)),
  );
  const durations = fc.oneof(
    numbers,
    fc.double({ min: 0, max: 86_400_000, noNaN: true }),
    fc.constantFrom('1.5s', '0.1ms', '90m', '3100d', '30d'),
  );
  const rules = fc.oneof(
    fc.record({ every: fc.oneof(durations, fc.double({ min: 900, max: 1e7, noNaN: true })) }),
    fc.record(
      {
        cron: fc.constantFrom('0 3 * * *', '0 0 29 2 *', '*/7 * * * * *', '0 0 31 2 *', '@yearly'),
        timeZone: fc.constantFrom('Europe/Berlin', 'Pacific/Apia', 'Mars/Base'),
      },
      { requiredKeys: ['cron'] },
    ),
  );
  const others = fc.oneof(
    fc.record({ startAt: instants }),
    fc.record({ endAt: instants }),
    fc.record({ startAt: instants, endAt: instants }),
    fc.record({
      catchUp: fc.constantFrom('skip', 'last', 'all'),
      catchUpLimit: fc.oneof(numbers, fc.integer({ min: 1, max: 10_000 })),
    }),
    fc.record({ jitter: durations }),
    fc.record({ overlap: fc.constantFrom('allow', 'skip'), overlapTimeout: durations, jitter: durations }),
  );
  const options = fc.tuple(rules, others).map(([rule, other]) => ({ ...rule, ...other }));
  let accepted = 0;
  fc.assert(
    fc.property(options, (said) => {
      const problems: string[] = [];
      const settings = parseScheduleSettings(new OptionReader(said, 'x', problems));
      if (settings === undefined || problems.length > 0) return;
      accepted++;
      const now = at('00:00:00');
      const schedule = stored({ ...settings, name: 'any' });
      const command = (change: ScheduleCommand): ScheduleMessage => {
        const { properties, body } = scheduleMessage({ kind: 'command', command: change });
        const read = readScheduleMessage({ ...incomingMessage(properties), body });
        if (read === undefined) throw new Error('cannot be read');
        return read;
      };
      const input = { now, graceMs: 60_000, mayTick: true, resting: new Set<string>() };
      const added = decide(EMPTY_STATE, { ...input, messages: [command({ kind: 'add', id: 'add', schedule })] }).state;
      expect(added.answers).toEqual([{ id: 'add', refusal: undefined }]);
      const read = decodeState(encodeState(added)) ?? EMPTY_STATE;
      expect(read.entries.get('any')?.schedule).toEqual(schedule);
      const next = nextDueAt(read, new Set());
      const later = next === Number.POSITIVE_INFINITY ? now : next;
      const ticked = decide(read, { ...input, now: later, messages: [] });
      expect(ticked.ticks.map((tick) => tick.at)).toEqual(next === Number.POSITIVE_INFINITY ? [] : [next]);
      for (const tick of ticked.ticks) expect(Number.isInteger(tickMessage(tick, 'app', later).delayMs)).toBe(true);
      const removal = command({ kind: 'remove', id: 'remove', name: 'any' });
      expect(decide(ticked.state, { ...input, now: later, messages: [removal] }).state.entries.size).toBe(0);
    }),
    { numRuns: 2_000 },
  );
  expect(accepted).toBeGreaterThan(200);
});

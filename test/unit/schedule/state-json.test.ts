import { readScheduleMessage, scheduleMessage, stateMark, stateMessages } from '../../../src/schedule/message-json';
import type { ScheduleMessage } from '../../../src/schedule/messages';
import { EMPTY_STATE, joinStates, newEntry, type ScheduleState } from '../../../src/schedule/state';
import { decodeState, encodeState } from '../../../src/schedule/state-json';
import { jitterOf } from '../../../src/schedule/tick-message';
import { incomingMessage } from '../support/incoming-message';
import { at, stored } from './stored';

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
  [
    'an impossible rule',
    {
      ...JSON.parse(encodeState(STATE).toString()),
      entries: [
        {
          ...STATE.entries.get('x'),
          schedule: { ...stored(), rule: { kind: 'cron', cron: '0 0 31 2 *', timeZone: 'UTC' } },
        },
      ],
    },
  ],
  [
    'an instant beyond all dates',
    { ...JSON.parse(encodeState(STATE).toString()), entries: [{ ...STATE.entries.get('x'), position: 1e300 }] },
  ],
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

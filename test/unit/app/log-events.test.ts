import pino from 'pino';
import { logEvents } from '../../../src/app/log-events';
import { EventBus } from '../../../src/events/event-bus';
import type { LogLevel } from '../../../src/events/logger';

const ERROR = new Error('gone');
const DESCRIBED = { name: 'Error', message: 'gone', code: 'ECONNRESET' };

function logged() {
  const events = new EventBus();
  const lines: (readonly [LogLevel, string])[] = [];
  const at = (level: LogLevel) => (_fields: unknown, message: string) => void lines.push([level, message]);
  logEvents(events, { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
  return { events, lines };
}

it('logs the return of a connection at the level of its loss, and the first connection at debug', () => {
  const { events, lines } = logged();
  const change = (state: 'connecting' | 'connected' | 'blocked' | 'closed', error?: Error) =>
    events.emit('connection:changed', { name: 'publish', state, address: 'rabbit:5672', error, fastPath: undefined });
  change('connecting');
  change('connected');
  change('connecting', ERROR);
  change('connecting');
  change('connected');
  change('blocked');
  change('connected');
  change('connected');
  change('closed');
  expect(lines).toEqual([
    ['debug', 'connection connecting'],
    ['debug', 'connection connected'],
    ['warn', 'connection connecting'],
    ['debug', 'connection connecting'],
    ['warn', 'connection connected'],
    ['warn', 'connection blocked'],
    ['warn', 'connection connected'],
    ['debug', 'connection connected'],
    ['debug', 'connection closed'],
  ]);
});

it('logs the return of a consumer at the level of its loss, each queue for itself', () => {
  const { events, lines } = logged();
  const change = (queue: string, state: 'consuming' | 'recovering', error?: Error) =>
    events.emit('subscription:changed', { queue, state, error });
  change('a', 'consuming');
  change('a', 'recovering', ERROR);
  change('b', 'consuming');
  change('a', 'consuming');
  expect(lines.map(([level]) => level)).toEqual(['debug', 'warn', 'debug', 'warn']);
});

it.each(['message', 'msg', 'text'])("writes no key twice under pino's messageKey %s, nor its name", (messageKey) => {
  const lines: string[] = [];
  const logger = pino({ level: 'debug', name: 'shop', messageKey }, { write: (line) => void lines.push(line) });
  const events = new EventBus();
  logEvents(events, logger);
  const task = { task: 'a.b', id: '1', queue: 'a', attempt: 1, traceId: undefined };
  const ended = { ...task, durationMs: 1, sinceEnqueuedMs: 1 };
  events.emit('connection:changed', {
    name: 'publish',
    state: 'connecting',
    address: 'a',
    error: ERROR,
    fastPath: undefined,
  });
  events.emit('subscription:changed', { queue: 'a', state: 'recovering', error: ERROR });
  events.emit('task:retried', { ...ended, error: DESCRIBED, delayMs: 1, nextAttempt: 2 });
  events.emit('task:dead-lettered', { ...ended, reason: 'exhausted', error: DESCRIBED, problems: [] });
  events.emit('settlement:failed', { ...task, error: DESCRIBED });
  events.emit('listener:failed', { event: 'x', error: DESCRIBED });
  events.emit('schedule:failed', { schedule: 's', task: 'a.b', id: '1', error: DESCRIBED });
  events.emit('enqueue:failed', { task: 'a.b', queue: 'a', id: '1', error: DESCRIBED });
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    const keys = [...line.matchAll(/"(\w+)":/g)].map(([, key]) => key);
    expect(keys).toHaveLength(new Set(keys).size);
    expect(line).toContain('"gone"');
  }
});

it('instants of schedules are logged as people read them', () => {
  const fields: unknown[] = [];
  const write = (line: unknown): void => void fields.push(line);
  const events = new EventBus();
  logEvents(events, { debug: write, info: write, warn: write, error: write });
  const at = Date.UTC(2026, 0, 1);
  events.emit('schedule:ticked', { schedule: 's', task: 't', id: 'i', at, triggered: false });
  events.emit('schedule:skipped', { schedule: 's', reason: 'overlap', from: at, until: at + 1_000 });
  expect(fields).toEqual([
    { schedule: 's', task: 't', id: 'i', at: '2026-01-01T00:00:00.000Z', triggered: false },
    { schedule: 's', reason: 'overlap', from: '2026-01-01T00:00:00.000Z', until: '2026-01-01T00:00:01.000Z' },
  ]);
});

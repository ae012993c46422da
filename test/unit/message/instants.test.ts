import fc from 'fast-check';
import { newTaskId } from '../../../src/client/task-id';
import { elapsedMs, firstEnqueuedAt, readyAt } from '../../../src/message/instants';
import { incomingMessage } from '../support/incoming-message';

const NOW = 1_800_000_000_123;
const timestamp = Math.floor(NOW / 1000);

it('knows the millisecond of ids that enqueue makes, which are UUIDs of version 7 that sort by time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (now) => {
      const messageId = newTaskId(now);
      expect(messageId).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      expect(firstEnqueuedAt(incomingMessage({ messageId, timestamp: Math.floor(now / 1000) }))).toBe(now);
    }),
  );
  expect(new Set(Array.from({ length: 1_000 }, () => newTaskId(NOW))).size).toBe(1_000);
  expect(newTaskId(NOW) < newTaskId(NOW + 1)).toBe(true);
});

it.each<[string, unknown, number | undefined, number | undefined]>([
  ['seconds where the id is of another kind', 'order-7', timestamp, timestamp * 1000],
  ['seconds where the id is older than the task', newTaskId(NOW - 60_000), timestamp, timestamp * 1000],
  ['seconds where the id only looks like one', 'zzzzzzzz-zzzz-7zzz-zzzz-zzzzzzzzzzzz', timestamp, timestamp * 1000],
  ['nothing without a timestamp', newTaskId(NOW), undefined, undefined],
  ['nothing where the timestamp is forged', newTaskId(NOW), 2 ** 64, undefined],
])('tells %s', (_label, messageId, seconds, expected) => {
  expect(
    firstEnqueuedAt(
      incomingMessage({ messageId: messageId as string, ...(seconds === undefined ? {} : { timestamp: seconds }) }),
    ),
  ).toBe(expected);
});

it('is ready when it was enqueued, or replayed, or its wait was over', () => {
  const properties = { messageId: newTaskId(NOW), timestamp };
  const ready = (headers?: Readonly<Record<string, unknown>>) => readyAt(incomingMessage({ ...properties, headers }));
  expect(ready()).toBe(NOW);
  expect(ready({ 'warren-replayed-at': NOW + 5 })).toBe(NOW + 5);
  expect(ready({ 'warren-replayed-at': NOW + 5, 'warren-due-at': NOW + 9 })).toBe(NOW + 9);
  expect(ready({ 'warren-due-at': 'soon' })).toBe(NOW);
});

it('lets no time be negative', () => {
  expect([elapsedMs(undefined, 5), elapsedMs(3, 5), elapsedMs(7, 5)]).toEqual([undefined, 2, 0]);
});

import type { Delivery } from '../../../src/broker/broker';
import { readEnvelope } from '../../../src/message/envelope';
import type { MessageProperties } from '../../../src/message/wire';
import { COMPLETED, INTERRUPTED, type TaskOutcome } from '../../../src/settlement/outcome';
import { ManualClock } from '../../../src/time/manual-clock';
import type { Attempt } from '../../../src/worker/attempt';
import { EndedAttempts } from '../../../src/worker/ended-attempts';
import { incomingMessage } from '../support/incoming-message';

const delivery = (properties: MessageProperties = {}, body = '{}', queue = 'emails'): Delivery =>
  ({
    ...incomingMessage({ messageId: 'id-1', timestamp: 1_700_000_000, ...properties }),
    body: Buffer.from(body),
    queue,
  }) as Delivery;

const attempt = (outcome: TaskOutcome, message: Delivery = delivery()): Attempt => ({
  outcome,
  definition: undefined,
  message,
  envelope: readEnvelope(message),
  id: 'id-1',
  queue: 'emails',
  startedAt: 1_000,
  endedAt: 46_000,
  trace: undefined,
});

it('gives an outcome back to the same message, once', () => {
  const ended = new EndedAttempts(new ManualClock());
  ended.keep(delivery(), attempt(COMPLETED));
  expect(ended.take(delivery())).toMatchObject({
    outcome: COMPLETED,
    startedAt: 1_000,
    endedAt: 46_000,
    isCopied: false,
  });
  expect(ended.take(delivery())).toBeUndefined();
});

it.each<[string, Delivery]>([
  ['another id', delivery({ messageId: 'id-2' })],
  ['the same id and another body', delivery({}, '{"order":2}')],
  ['the same id, sent at another time', delivery({ timestamp: 1_700_000_001 })],
  ['another attempt', delivery({ headers: { 'warren-attempt': 2 } })],
  ['another queue', delivery({}, '{}', 'reports')],
  ['no id', delivery({ messageId: undefined })],
])('is of no use to a message with %s', (_, other) => {
  const ended = new EndedAttempts(new ManualClock());
  ended.keep(delivery(), attempt(COMPLETED));
  expect(ended.take(other)).toBeUndefined();
  expect(ended.take(delivery())).toBeDefined();
});

it('keeps nothing of a message without an id: another one would look the same', () => {
  const ended = new EndedAttempts(new ManualClock());
  ended.keep(delivery({ messageId: undefined }), attempt(COMPLETED));
  expect(ended.take(delivery({ messageId: undefined }))).toBeUndefined();
});

it.each<[TaskOutcome['kind'], TaskOutcome, boolean]>([
  ['failed', { kind: 'failed', error: new Error('no') }, true],
  ['retry', { kind: 'retry', afterMs: 5, error: new Error('later') }, true],
  ['snoozed', { kind: 'snoozed', afterMs: 5, reason: '' }, true],
  ['discarded', { kind: 'discarded', reason: '' }, true],
  ['gave-up', { kind: 'gave-up', error: new Error('never') }, true],
  ['timed-out', { kind: 'timed-out', error: new Error('late') }, true],
  ['interrupted', INTERRUPTED, false],
  ['unknown-task', { kind: 'unknown-task', task: 'x' }, false],
  ['rejected', { kind: 'rejected', reason: 'expired', problems: [] }, false],
  ['crash-looped', { kind: 'crash-looped', crashes: 3 }, false],
])('keeps what a handler came to, and nothing else: %s', (_, outcome, isKept) => {
  const ended = new EndedAttempts(new ManualClock());
  ended.keep(delivery(), attempt(outcome));
  expect(ended.take(delivery()) !== undefined).toBe(isKept);
});

it('forgets after 15 minutes, and the oldest beyond a thousand', async () => {
  const clock = new ManualClock();
  const ended = new EndedAttempts(clock);
  const numbered = (n: number) => delivery({ messageId: `id-${n}` });
  for (let n = 0; n <= 1_000; n++) ended.keep(numbered(n), attempt(COMPLETED));
  expect([ended.take(numbered(0)), ended.take(numbered(1))]).toEqual([undefined, expect.anything()]);
  await clock.advance(15 * 60_000);
  expect(ended.take(numbered(2))).toBeUndefined();
});

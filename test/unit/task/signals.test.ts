import { DiscardTask, FailTask, isTaskSignal, RetryTask, SnoozeTask, TaskSignal } from '../../../src/task/signals';
import { HOSTILE_VALUES } from '../support/hostile-values';

const cause = new Error('the reason behind it');

it.each([
  [new RetryTask(), 'RetryTask', 'retry', 'the handler asked for a retry', undefined],
  [new RetryTask({ after: '90s', reason: 'rate limited', cause }), 'RetryTask', 'retry', 'rate limited', cause],
  [new SnoozeTask('1h'), 'SnoozeTask', 'snooze', 'the handler is not ready yet', undefined],
  [new SnoozeTask(5, 'warming up'), 'SnoozeTask', 'snooze', 'warming up', undefined],
  [new DiscardTask(), 'DiscardTask', 'discard', 'the handler discarded the task', undefined],
  [new FailTask('card is stolen', { cause }), 'FailTask', 'fail', 'card is stolen', cause],
])('%s is an error that says what it means', (signal, name, kind, message, expectedCause) => {
  expect(signal).toBeInstanceOf(TaskSignal);
  expect(signal).toBeInstanceOf(Error);
  expect([signal.name, signal.kind, signal.message, signal.cause]).toEqual([name, kind, message, expectedCause]);
  expect(isTaskSignal(signal)).toBe(true);
});

it('keeps when to try again', () => {
  expect([new RetryTask().after, new RetryTask({ after: '90s' }).after, new SnoozeTask('1h').after]).toEqual([
    undefined,
    '90s',
    '1h',
  ]);
});

it('understands a signal of another copy of Warren, and one of a subclass', () => {
  class CardStolen extends FailTask {}
  expect(new CardStolen().name).toBe('CardStolen');
  expect(isTaskSignal(new CardStolen())).toBe(true);
  expect(isTaskSignal({ warrenSignal: true, kind: 'discard', message: 'bye' })).toBe(true);
});

it.each<readonly [string, unknown]>([
  ...HOSTILE_VALUES,
  ['an ordinary error', new Error('no signal')],
  ['a mark of another type', { warrenSignal: 'true', kind: 'retry' }],
  ['a mark without a kind', { warrenSignal: true }],
  ['a kind of a version to come', { warrenSignal: true, kind: 'teleport' }],
])('takes %s for no signal', (_label, thrown) => {
  expect(isTaskSignal(thrown)).toBe(false);
});

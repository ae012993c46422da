import type { TaskOutcome } from '../../../src/settlement/outcome';
import { DiscardTask, FailTask, RetryTask, SnoozeTask } from '../../../src/task/signals';
import type { Duration } from '../../../src/time/duration';
import { outcomeOfThrown } from '../../../src/worker/thrown-outcome';
import { HOSTILE_VALUES, withThrowingGetters } from '../support/hostile-values';

const NINE_YEARS = 9 * 365 * 86_400_000;
const written = (duration: unknown): Duration => duration as Duration;

it.each(HOSTILE_VALUES)('takes %s for a failure', (_label, thrown) => {
  expectFailure(outcomeOfThrown(thrown), thrown);
});

it.each([
  [new RetryTask(), undefined],
  [new RetryTask({ after: '90s' }), 90_000],
  [new RetryTask({ after: 0 }), 0],
  [new RetryTask({ after: written('soon') }), undefined],
  [new RetryTask({ after: -5 }), undefined],
  [new RetryTask({ after: Number.NaN }), undefined],
  [new RetryTask({ after: NINE_YEARS }), undefined],
])('retries after %o in %s ms; undefined is the policy’s', (signal, afterMs) => {
  expect(outcomeOfThrown(signal)).toEqual({ kind: 'retry', afterMs, error: signal });
});

it('snoozes, discards and gives up', () => {
  const fail = new FailTask('card is stolen');
  expect(outcomeOfThrown(new SnoozeTask('1h', 'not yet'))).toEqual({
    kind: 'snoozed',
    afterMs: 3_600_000,
    reason: 'not yet',
  });
  expect(outcomeOfThrown(new DiscardTask('account was deleted'))).toEqual({
    kind: 'discarded',
    reason: 'account was deleted',
  });
  expect(outcomeOfThrown(fail)).toEqual({ kind: 'gave-up', error: fail });
});

it.each([0, '0s', -1, Number.NaN, NINE_YEARS, 'soon', undefined, null, Symbol('later'), Object.create(null)])(
  'counts a snooze of %p as a failure: it would come back at once, for ever',
  (after) => {
    const outcome = outcomeOfThrown(new SnoozeTask(written(after)));
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringContaining('SnoozeTask needs a time above 0') },
    });
  },
);

it.each<[string, object]>([
  ['throws', Object.assign(withThrowingGetters('message'), { warrenSignal: true, kind: 'discard' })],
  ['is none', { warrenSignal: true, kind: 'discard', message: { toString: 5 } }],
])('has a text for a reason, though the message of another copy’s signal %s', (_label, thrown) => {
  expect(outcomeOfThrown(thrown)).toEqual({ kind: 'discarded', reason: '(unreadable)' });
});

it.each(['retry', 'snooze'])('counts a %s whose time cannot be read as a failure', (kind) => {
  const thrown = Object.assign(withThrowingGetters('after'), { warrenSignal: true, kind });
  expectFailure(outcomeOfThrown(thrown), thrown);
});

/** Without looking into the error, as `toEqual` would. */
function expectFailure(outcome: TaskOutcome, error: unknown): void {
  expect(outcome.kind).toBe('failed');
  expect('error' in outcome && Object.is(outcome.error, error)).toBe(true);
}

import fc from 'fast-check';
import { type DecisionInput, decideSettlement } from '../../../src/settlement/decide-settlement';
import type { Settlement, TaskOutcome } from '../../../src/settlement/outcome';
import type { RetryPolicy, RetryRule } from '../../../src/task/retry-policy';
import { HOSTILE_VALUES } from '../support/hostile-values';

const NOW = 1_800_000_000_000;
const boom = new TypeError('boom');

const policy: RetryPolicy = {
  maxAttempts: 3,
  maxElapsedMs: undefined,
  backoff: { kind: 'fixed', delayMs: 5_000, maxMs: 5_000, jitter: 'none' },
  rules: [],
};

const decide = (outcome: TaskOutcome, input: Partial<DecisionInput> = {}): Settlement =>
  decideSettlement(outcome, {
    attempt: 1,
    firstAttemptAt: NOW,
    policy,
    unknownSince: NOW,
    keepUnknownMs: 60_000,
    now: NOW,
    random: 0.5,
    ...input,
  });

const retry = (nextAttempt: number, delayMs = 5_000): Settlement => ({
  kind: 'retry',
  delayMs,
  nextAttempt,
  keepsAttempt: false,
});
const dead = (reason: (Settlement & { kind: 'dead-letter' })['reason']): Settlement => ({
  kind: 'dead-letter',
  reason,
});

describe('what follows from an outcome', () => {
  // The first of three attempts, and the last.
  it.each<[TaskOutcome, Settlement, Settlement]>([
    [{ kind: 'completed' }, { kind: 'ack' }, { kind: 'ack' }],
    [{ kind: 'discarded', reason: 'gone' }, { kind: 'ack' }, { kind: 'ack' }],
    [{ kind: 'interrupted' }, { kind: 'requeue' }, { kind: 'requeue' }],
    [{ kind: 'failed', error: boom }, retry(2), dead('exhausted')],
    [{ kind: 'timed-out', error: boom }, retry(2), dead('exhausted')],
    [{ kind: 'retry', afterMs: undefined, error: boom }, retry(2), dead('exhausted')],
    [{ kind: 'retry', afterMs: 90_000, error: boom }, retry(2, 90_000), dead('exhausted')],
    [{ kind: 'retry', afterMs: 0, error: boom }, retry(2, 0), dead('exhausted')],
    [{ kind: 'gave-up', error: boom }, dead('failed'), dead('failed')],
    [{ kind: 'rejected', reason: 'undecodable', problems: [] }, dead('undecodable'), dead('undecodable')],
    [{ kind: 'rejected', reason: 'invalid-payload', problems: [] }, dead('invalid-payload'), dead('invalid-payload')],
    [{ kind: 'rejected', reason: 'expired', problems: [] }, dead('expired'), dead('expired')],
  ])('%j: on the first attempt %j, on the last %j', (outcome, first, last) => {
    expect(decide(outcome, { attempt: 1 })).toEqual(first);
    expect(decide(outcome, { attempt: 3 })).toEqual(last);
    expect(decide(outcome, { attempt: 900_000 })).toEqual(last);
  });

  it('keeps the attempt of a snoozed task, however late it is', () => {
    const snoozed: TaskOutcome = { kind: 'snoozed', afterMs: 60_000, reason: 'later' };
    const late = { attempt: 3, firstAttemptAt: 0, policy: { ...policy, maxElapsedMs: 1 } };
    expect(decide(snoozed, late)).toEqual({ kind: 'retry', delayMs: 60_000, nextAttempt: 3, keepsAttempt: true });
  });
});

describe('maxElapsed', () => {
  const limited = { ...policy, maxElapsedMs: 60_000 };
  const failed: TaskOutcome = { kind: 'failed', error: boom };

  it.each([
    [0, retry(2)],
    [55_000, retry(2)],
    [55_001, dead('exhausted')],
    [3_600_000, dead('exhausted')],
    [-3_600_000, retry(2)],
  ])('when the first attempt began %s ms ago: %j', (agoMs, settlement) => {
    expect(decide(failed, { policy: limited, firstAttemptAt: NOW - agoMs })).toEqual(settlement);
  });

  it('holds for a time that the handler chose', () => {
    expect(decide({ kind: 'retry', afterMs: 60_001, error: boom }, { policy: limited })).toEqual(dead('exhausted'));
  });
});

describe('rules', () => {
  const once: RetryRule = {
    match: { kind: 'class', type: TypeError },
    then: 'retry',
    maxAttempts: 2,
    backoff: undefined,
  };
  const slow: RetryRule = {
    match: { kind: 'predicate', test: (error) => error instanceof Error && error.message === 'slow' },
    then: 'retry',
    maxAttempts: undefined,
    backoff: { kind: 'fixed', delayMs: 60_000, maxMs: 60_000, jitter: 'none' },
  };
  const never: RetryRule = { match: { kind: 'class', type: RangeError }, then: 'fail' };
  const throwing: RetryRule = {
    match: {
      kind: 'predicate',
      test: () => {
        throw new Error('no');
      },
    },
    then: 'fail',
  };
  const truthy: RetryRule = { match: { kind: 'predicate', test: () => 'yes' as unknown as boolean }, then: 'fail' };
  const noClass: RetryRule = { match: { kind: 'class', type: {} as typeof Error }, then: 'fail' };

  it.each<[string, readonly RetryRule[], unknown, number, Settlement]>([
    ['a class gives its own attempts', [once], boom, 2, dead('exhausted')],
    ['and nothing else', [once], boom, 1, retry(2)],
    ['a subclass is of its class', [once], new (class Oops extends TypeError {})(), 2, dead('exhausted')],
    ['a predicate gives its own backoff', [slow], new Error('slow'), 2, retry(3, 60_000)],
    ['and the attempts of the policy', [slow], new Error('slow'), 3, dead('exhausted')],
    ['fail goes to the dead letters at once', [never], new RangeError(), 1, dead('failed')],
    ['what no rule matches follows the policy', [once, slow, never], new Error('other'), 2, retry(3)],
    ['the first rule that matches decides', [slow, { ...once, maxAttempts: 9 }, once], boom, 4, retry(5)],
    ['a predicate that throws matches nothing', [throwing], boom, 1, retry(2)],
    ['an answer that is only truthy matches nothing', [truthy], boom, 1, retry(2)],
    ['a class that is none matches nothing', [noClass], boom, 1, retry(2)],
  ])('%s', (_label, rules, error, attempt, settlement) => {
    expect(decide({ kind: 'failed', error }, { attempt, policy: { ...policy, rules } })).toEqual(settlement);
    expect(decide({ kind: 'timed-out', error }, { attempt, policy: { ...policy, rules } })).toEqual(settlement);
  });

  it('are not asked about a handler that chose to retry', () => {
    const all: RetryRule = { match: { kind: 'predicate', test: () => true }, then: 'fail' };
    const strict = { ...policy, rules: [all] };
    expect(decide({ kind: 'retry', afterMs: undefined, error: boom }, { policy: strict })).toEqual(retry(2));
  });

  it.each(HOSTILE_VALUES)('survive %s', (_label, error) => {
    expect(decide({ kind: 'failed', error }, { policy: { ...policy, rules: [once, slow, never] } })).toEqual(retry(2));
  });
});

it('tries a task that always fails exactly maxAttempts times', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.boolean(),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (maxAttempts, asked, random) => {
        const outcome: TaskOutcome = asked
          ? { kind: 'retry', afterMs: 5, error: boom }
          : { kind: 'failed', error: boom };
        let attempt = 1;
        let settlement = decide(outcome, { attempt, random, policy: { ...policy, maxAttempts } });
        for (
          ;
          settlement.kind === 'retry';
          settlement = decide(outcome, { attempt, random, policy: { ...policy, maxAttempts } })
        ) {
          expect(settlement.nextAttempt).toBe(attempt + 1);
          attempt = settlement.nextAttempt;
        }
        expect(settlement).toEqual(dead('exhausted'));
        expect(attempt).toBe(maxAttempts);
      },
    ),
    { numRuns: 30 },
  );
});

it('plans no attempt to begin after maxElapsed', () => {
  const anyMs = fc.integer({ min: 0, max: 10_000_000 });
  fc.assert(
    fc.property(anyMs, anyMs, anyMs, (maxElapsedMs, elapsedMs, afterMs) => {
      const input = { firstAttemptAt: NOW - elapsedMs, policy: { ...policy, maxElapsedMs } };
      const settlement = decide({ kind: 'retry', afterMs, error: boom }, input);
      expect(settlement.kind).toBe(elapsedMs + afterMs > maxElapsedMs ? 'dead-letter' : 'retry');
    }),
  );
});

describe('a message that no task here is for', () => {
  const unknown: TaskOutcome = { kind: 'unknown-task', task: 'new.task' };
  const later = (delayMs: number, attempt = 1): Settlement => ({
    kind: 'retry',
    delayMs,
    nextAttempt: attempt,
    keepsAttempt: true,
  });

  it.each<[string, number, Settlement]>([
    ['is looked at again soon', 0, later(500)],
    ['waits half of what it has waited, at most', 20_000, later(5_000)],
    ['is looked at a last time when its time is up', 59_000, later(1_000)],
    ['is dead then', 60_000, dead('unknown-task')],
    ['comes from a worker whose clock is ahead', -5_000, later(500)],
  ])('%s', (_, agoMs, settlement) => {
    expect(decide(unknown, { unknownSince: NOW - agoMs })).toEqual(settlement);
  });

  it('waits a minute at most, however long it is kept', () => {
    const patient = { unknownSince: NOW - 3_600_000, keepUnknownMs: 86_400_000 };
    expect(decide(unknown, { ...patient, random: 0.999_999_9 })).toEqual(later(60_000));
    expect(decide(unknown, { ...patient, random: 0 })).toEqual(later(1));
  });

  it('is dead at once where none are kept', () => {
    expect(decide(unknown, { keepUnknownMs: 0 })).toEqual(dead('unknown-task'));
  });

  it('keeps its attempt, whatever policy other tasks of its queue have', () => {
    const spent = { ...policy, maxAttempts: 1, maxElapsedMs: 1 };
    expect(decide(unknown, { attempt: 7, policy: spent, firstAttemptAt: 0 })).toEqual(later(500, 7));
  });

  it.each([
    ['an hour', 3_600_000, 140],
    ['a day', 86_400_000, 2_900],
  ])('is looked at a bounded number of times in %s', (_, keepUnknownMs, atMost) => {
    let now = NOW;
    let looks = 1;
    for (;;) {
      const settlement = decide(unknown, { unknownSince: NOW, keepUnknownMs, now });
      if (settlement.kind !== 'retry') break;
      now += settlement.delayMs;
      looks++;
    }
    expect(now - NOW).toBe(keepUnknownMs);
    expect(looks).toBeLessThanOrEqual(atMost);
    expect(looks).toBeGreaterThan(0.95 * atMost);
  });
});

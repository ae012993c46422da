import { assertNever } from '../errors/assert-never';
import { computeDelay } from '../retry/compute-delay';
import type { RetryPolicy, RetryRule } from '../task/retry-policy';
import { decideUnknownTask } from './decide-unknown-task';
import type { DeadLetterReason, Settlement, TaskOutcome } from './outcome';

export interface DecisionInput {
  /** The attempt that has just ended, 1-based. */
  readonly attempt: number;
  /** When the first attempt began; milliseconds since 1970. */
  readonly firstAttemptAt: number;
  readonly policy: RetryPolicy;
  /** When a worker first met the message that knew no task for it, and how long such a message is kept; milliseconds. */
  readonly unknownSince: number;
  readonly keepUnknownMs: number;
  readonly now: number;
  /** A number in [0, 1). */
  readonly random: number;
}

const ACK: Settlement = Object.freeze({ kind: 'ack' });
const REQUEUE: Settlement = Object.freeze({ kind: 'requeue' });

/** What follows from an outcome. The only place that decides between retry and dead letter. */
export function decideSettlement(outcome: TaskOutcome, input: DecisionInput): Settlement {
  switch (outcome.kind) {
    case 'completed':
    case 'discarded':
      return ACK;
    case 'interrupted':
      return REQUEUE;
    case 'snoozed':
      return retry(outcome.afterMs, input.attempt, true);
    case 'rejected':
      return deadLetter(outcome.reason);
    case 'crash-looped':
      return deadLetter('crash-loop');
    case 'gave-up':
      return deadLetter('failed');
    case 'unknown-task':
      return decideUnknownTask({ ...input, since: input.unknownSince, keepMs: input.keepUnknownMs });
    case 'retry':
      return afterFailure(outcome.error, undefined, outcome.afterMs, input);
    case 'failed':
    case 'timed-out':
      return afterFailure(outcome.error, matchRule(input.policy.rules, outcome.error), undefined, input);
    default:
      return assertNever(outcome);
  }
}

function afterFailure(
  error: unknown,
  rule: RetryRule | undefined,
  afterMs: number | undefined,
  input: DecisionInput,
): Settlement {
  if (rule?.then === 'fail') return deadLetter('failed');
  const { policy, attempt } = input;
  if (attempt >= (rule?.maxAttempts ?? policy.maxAttempts)) return deadLetter('exhausted');
  const delayMs = afterMs ?? computeDelay(rule?.backoff ?? policy.backoff, { attempt, error }, input.random);
  const beginsAfterMs = input.now + delayMs - input.firstAttemptAt;
  if (policy.maxElapsedMs !== undefined && beginsAfterMs > policy.maxElapsedMs) return deadLetter('exhausted');
  return retry(delayMs, attempt + 1, false);
}

function matchRule(rules: readonly RetryRule[], error: unknown): RetryRule | undefined {
  return rules.find((rule) => matches(rule, error));
}

/** A predicate that throws, or an error that throws when it is looked at, matches nothing. */
function matches({ match }: RetryRule, error: unknown): boolean {
  try {
    return match.kind === 'class' ? error instanceof match.type : match.test(error) === true;
  } catch {
    return false;
  }
}

const deadLetter = (reason: DeadLetterReason): Settlement => ({ kind: 'dead-letter', reason });

const retry = (delayMs: number, nextAttempt: number, keepsAttempt: boolean): Settlement => ({
  kind: 'retry',
  delayMs,
  nextAttempt,
  keepsAttempt,
});

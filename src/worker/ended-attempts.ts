import { createHash } from 'node:crypto';
import type { Delivery } from '../broker/broker';
import { assertNever } from '../errors/assert-never';
import { readEnvelope } from '../message/envelope';
import type { TaskOutcome } from '../settlement/outcome';
import type { Clock } from '../time/clock';
import { MINUTE } from '../time/duration';
import type { Attempt } from './attempt';

/** How long an outcome is kept, and how many are: a message that went to another worker never comes back. */
const KEPT_MS = 15 * MINUTE;
const MAX_KEPT = 1_000;

/** An attempt that ended in this process after its channel had died. */
export interface EndedAttempt {
  readonly outcome: TaskOutcome;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Its copy was confirmed before the channel died: nothing is left to do but to acknowledge. */
  readonly isCopied: boolean;
}

interface Kept extends EndedAttempt {
  readonly keptAt: number;
}

/**
 * Outcomes that could not be settled, because the channel died first. The broker delivers such a message again, and where
 * it comes back to this process, the outcome settles it without another run.
 *
 * Each outcome serves once, and only for a message with the same id, attempt, time and body: two messages may have one
 * id, and then each of them is still settled by an attempt of its own.
 *
 * @see docs/decisions/019-an-attempt-that-ended-is-not-run-again.md
 */
export class EndedAttempts {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Keeps an outcome of a handler. What was decided without one is decided again. */
  keep(delivery: Delivery, { outcome, startedAt, endedAt }: Attempt, isCopied = false): void {
    if (!isOfHandler(outcome)) return;
    const key = keyOf(delivery);
    if (key === undefined) return;
    this.#forgetOld(MAX_KEPT - 1);
    this.#kept.set(key, { outcome, startedAt, endedAt, isCopied, keptAt: this.clock.now() });
  }

  /** The outcome of a message's attempt, which is forgotten by that. */
  take(delivery: Delivery): EndedAttempt | undefined {
    if (this.#kept.size === 0) return undefined;
    const key = keyOf(delivery);
    this.#forgetOld(MAX_KEPT);
    const kept = key === undefined ? undefined : this.#kept.get(key);
    if (key !== undefined) this.#kept.delete(key);
    return kept;
  }

  /** The oldest come first. */
  #forgetOld(most: number): void {
    const before = this.clock.now() - KEPT_MS;
    for (const [key, { keptAt }] of this.#kept) {
      if (keptAt > before && this.#kept.size <= most) return;
      this.#kept.delete(key);
    }
  }
}

function isOfHandler({ kind }: TaskOutcome): boolean {
  switch (kind) {
    case 'completed':
    case 'failed':
    case 'retry':
    case 'snoozed':
    case 'discarded':
    case 'gave-up':
    case 'timed-out':
      return true;
    case 'rejected':
    case 'unknown-task':
    case 'crash-looped':
    case 'interrupted':
      return false;
    default:
      return assertNever(kind);
  }
}

/** A message without an id cannot be told from others. */
function keyOf(delivery: Delivery): string | undefined {
  const { id, attempt } = readEnvelope(delivery);
  if (id === undefined) return undefined;
  const body = createHash('sha256').update(delivery.body).digest('base64');
  return JSON.stringify([delivery.queue, id, attempt, delivery.properties.timestamp, body]);
}

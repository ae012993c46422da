import type { PayloadProblem } from '../errors/enqueue-errors';

/** Why a message could not become a task. */
export type RejectionReason = 'undecodable' | 'invalid-payload' | 'expired';

/** How one attempt ended, before anybody has decided what follows from it. */
export type TaskOutcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'retry'; readonly afterMs: number | undefined; readonly error: unknown }
  | { readonly kind: 'snoozed'; readonly afterMs: number; readonly reason: string }
  | { readonly kind: 'discarded'; readonly reason: string }
  | { readonly kind: 'gave-up'; readonly error: unknown }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason; readonly problems: readonly PayloadProblem[] }
  | { readonly kind: 'unknown-task'; readonly task: string | undefined }
  /** Workers died over it, so often that it was not run again. */
  | { readonly kind: 'crash-looped'; readonly crashes: number }
  | { readonly kind: 'timed-out'; readonly error: unknown }
  | { readonly kind: 'interrupted' };

/** Why a message stands in a dead-letter queue. `delivery-limit` and `overflow` are the broker's own doing. */
export const DEAD_LETTER_REASONS = [
  'exhausted',
  'failed',
  'undecodable',
  'invalid-payload',
  'unknown-task',
  'expired',
  'crash-loop',
  'delivery-limit',
  'overflow',
  'rejected',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** What is done with the delivery. */
export type Settlement =
  | { readonly kind: 'ack' }
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      readonly nextAttempt: number;
      /** Whether the wait keeps the attempt's number (snooze). */
      readonly keepsAttempt: boolean;
    }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason }
  | { readonly kind: 'requeue' };

export const COMPLETED: TaskOutcome = Object.freeze({ kind: 'completed' });
export const INTERRUPTED: TaskOutcome = Object.freeze({ kind: 'interrupted' });

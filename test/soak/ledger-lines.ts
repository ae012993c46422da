/**
 * What happened, one line each, in files that nobody but the process itself appends to. Words are separated by
 * spaces; `at` is milliseconds since 1970.
 */
export type LedgerEntry =
  /** A producer is about to enqueue. */
  | { readonly kind: 'sent'; readonly index: number; readonly at: number }
  | { readonly kind: 'confirmed'; readonly index: number; readonly at: number }
  /** An `enqueue` rejected; the producer enqueues it again, with the same id. */
  | { readonly kind: 'rejected'; readonly index: number; readonly at: number; readonly code: string }
  /** A handler was entered. */
  | { readonly kind: 'begun'; readonly index: number; readonly at: number; readonly attempt: number }
  | {
      readonly kind: 'ended';
      readonly index: number;
      readonly at: number;
      readonly attempt: number;
      readonly outcome: HandlerOutcome;
    }
  /** A connection, a channel or a process before this one was lost: so many deliveries may come, or publishes be stored, again. */
  | { readonly kind: 'lost'; readonly at: number; readonly what: LossKind; readonly atMost: number }
  /** A handler is about to kill its process. */
  | { readonly kind: 'crashing'; readonly index: number; readonly at: number };

export type HandlerOutcome = 'completed' | 'failed' | 'snoozed' | 'discarded' | 'gave-up';
export type LossKind = 'deliveries' | 'confirms';

const OUTCOMES: ReadonlySet<string> = new Set<HandlerOutcome>([
  'completed',
  'failed',
  'snoozed',
  'discarded',
  'gave-up',
]);

export function formatEntry(entry: LedgerEntry): string {
  switch (entry.kind) {
    case 'sent':
    case 'confirmed':
    case 'crashing':
      return `${entry.kind} ${entry.at} ${entry.index}`;
    case 'rejected':
      return `rejected ${entry.at} ${entry.index} ${entry.code}`;
    case 'begun':
      return `begun ${entry.at} ${entry.index} ${entry.attempt}`;
    case 'ended':
      return `ended ${entry.at} ${entry.index} ${entry.attempt} ${entry.outcome}`;
    case 'lost':
      return `lost ${entry.at} ${entry.atMost} ${entry.what}`;
  }
}

/** @throws Error for a line that is none: a ledger that cannot be read proves nothing. */
export function parseEntry(line: string): LedgerEntry {
  const [kind, time, first, second = '', third = ''] = line.split(' ');
  const at = Number(time);
  const number = Number(first);
  if (!Number.isInteger(at) || !Number.isInteger(number)) throw unreadable(line);
  switch (kind) {
    case 'sent':
    case 'confirmed':
    case 'crashing':
      return { kind, at, index: number };
    case 'rejected':
      return { kind, at, index: number, code: second };
    case 'begun':
      return { kind, at, index: number, attempt: Number(second) };
    case 'ended':
      if (!OUTCOMES.has(third)) throw unreadable(line);
      return { kind, at, index: number, attempt: Number(second), outcome: third as HandlerOutcome };
    case 'lost':
      return { kind, at, atMost: number, what: second as LossKind };
    default:
      throw unreadable(line);
  }
}

const unreadable = (line: string): Error =>
  new Error(`not a line of the ledger: ${JSON.stringify(line.slice(0, 200))}`);

import type { DeadLetter } from './dead-letter';

/** Which dead letters are meant. All conditions that are given must hold. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly task?: string;
  readonly reason?: DeadLetter['reason'];
  /** The class of the last error: `TypeError`. */
  readonly error?: string;
  /** A part of the last error's message, or of a payload problem's. Letter case does not count. */
  readonly message?: string;
  /** Died before this instant. A letter that does not say when it died is not meant. */
  readonly diedBefore?: Date;
  /** Died at this instant or after it. */
  readonly diedAfter?: Date;
  /** Anything else. */
  readonly where?: (letter: DeadLetter) => boolean;
}

export function matchesFilter(letter: DeadLetter, filter: DeadLetterFilter | undefined): boolean {
  if (filter === undefined) return true;
  const { ids, task, reason, error, message, diedBefore, diedAfter, where } = filter;
  if (ids !== undefined && (letter.id === undefined || !ids.includes(letter.id))) return false;
  if (task !== undefined && letter.task !== task) return false;
  if (reason !== undefined && letter.reason !== reason) return false;
  if (error !== undefined && letter.error?.error !== error) return false;
  if (message !== undefined && !says(letter, message)) return false;
  if (diedBefore !== undefined && !(letter.diedAt !== undefined && letter.diedAt < diedBefore)) return false;
  if (diedAfter !== undefined && !(letter.diedAt !== undefined && letter.diedAt >= diedAfter)) return false;
  return where === undefined || where(letter);
}

function says({ error, problems }: DeadLetter, text: string): boolean {
  const wanted = text.toLowerCase();
  return [error?.message, ...problems.map(({ path, message }) => `${path}: ${message}`)].some(
    (said) => said?.toLowerCase().includes(wanted) === true,
  );
}

import type { Broker, Delivery } from '../broker/broker';
import { deadQueueName } from '../topology/names';
import { type DeadLetter, readDeadLetter } from './dead-letter';

/** What becomes of a letter that was looked at, and whether the next one is wanted. */
export interface Verdict {
  /** It stays where it is. */
  readonly keep: boolean;
  readonly more: boolean;
}

export interface Position {
  readonly scanned: number;
  readonly total: number;
}

export interface LetterScan {
  readonly broker: Broker;
  readonly queue: string;
  /** Letters that were there at the start: more are not looked at. */
  readonly total: number;
  readonly signal?: AbortSignal | undefined;
  /** How many letters may come before they are looked at. */
  readonly maxAhead?: number | undefined;
  visit(delivery: Delivery, letter: DeadLetter, position: Position): Verdict | Promise<Verdict>;
  /** Called when no more letters are looked at, before those that stay go back. */
  finish?(): Promise<void>;
}

/**
 * Looks at the letters of a home queue, oldest first. Resolves when those that stay are back in their queue, in their
 * old order. @returns how many were looked at.
 */
export async function scanLetters({ broker, queue, total, signal, ...scan }: LetterScan): Promise<number> {
  const letters = await broker.openScan(deadQueueName(queue), scan.maxAhead);
  let scanned = 0;
  try {
    while (scanned < total && signal?.aborted !== true) {
      const delivery = await letters.next();
      if (delivery === undefined) break;
      scanned++;
      const { keep, more } = await scan.visit(delivery, readDeadLetter(queue, delivery), { scanned, total });
      if (keep) letters.keep(delivery);
      if (!more) break;
    }
  } finally {
    try {
      await scan.finish?.();
    } finally {
      await letters.close();
    }
  }
  return scanned;
}

/** As `scanLetters`, for a loop: the letters go back when the loop ends, however it ends. */
export async function* eachLetter(scan: Omit<LetterScan, 'visit' | 'finish'>): AsyncGenerator<DeadLetter, void, void> {
  const { broker, queue, total, signal, maxAhead } = scan;
  const letters = await broker.openScan(deadQueueName(queue), maxAhead);
  try {
    for (let scanned = 0; scanned < total && signal?.aborted !== true; scanned++) {
      const delivery = await letters.next();
      if (delivery === undefined) return;
      letters.keep(delivery);
      yield readDeadLetter(queue, delivery);
    }
  } finally {
    await letters.close();
  }
}

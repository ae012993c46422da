import { Ledger } from './ledger';
import type { LedgerEntry } from './ledger-lines';
import { LedgerReader } from './ledger-reader';
import type { ProcessEnd } from './slot';
import { MAX_ATTEMPTS } from './task-plan';

/** What a run gets to know while it goes on: the ledgers of its processes, and how those ended. */
export class Records {
  readonly ledger: Ledger;
  /** Processes that ended by no doing of the soak, with what they said. */
  readonly unexpectedEnds: string[] = [];
  slowestStopMs = 0;
  readonly #reader: LedgerReader;

  constructor(
    readonly folder: string,
    tasks: number,
  ) {
    this.ledger = new Ledger(tasks, MAX_ATTEMPTS);
    this.#reader = new LedgerReader(folder);
  }

  /** Catches up with the ledgers. */
  read(): Ledger {
    this.#reader.read((slot, entry) => this.take(slot, entry));
    return this.ledger;
  }

  take(slot: string, entry: LedgerEntry): void {
    this.ledger.take(slot, entry);
  }

  ended(end: ProcessEnd, detail: string): void {
    if (end === 'unexpected') this.unexpectedEnds.push(detail);
  }

  /** A worker was told to stop, and did. */
  terminated(slot: string, code: number | null, ms: number): void {
    this.slowestStopMs = Math.max(this.slowestStopMs, ms);
    if (code !== 0) this.unexpectedEnds.push(`${slot} ended with ${code} after SIGTERM`);
  }
}

import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { formatEntry, type LedgerEntry } from './ledger-lines';

/**
 * Appends to the ledger of one process, synchronously: what was written before a SIGKILL is there after it, since the
 * system has it already.
 */
export class LedgerWriter {
  readonly #file: number;

  /** @param process - `worker-1.3`: the slot, and which of its processes this is. */
  constructor(folder: string, process: string) {
    this.#file = openSync(join(folder, `${process}.ledger`), 'a');
  }

  write(entry: LedgerEntry): void {
    writeSync(this.#file, `${formatEntry(entry)}\n`);
  }
}

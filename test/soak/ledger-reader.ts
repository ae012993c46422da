import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type LedgerEntry, parseEntry } from './ledger-lines';

const CHUNK_BYTES = 1024 * 1024;
const NAME = /^((?:worker|producer)-\d+)\.(\d+)\.ledger$/;

interface Tail {
  offset: number;
  /** What came after the last line break. */
  rest: string;
}

/** Reads what the ledgers of a folder got since the last time. */
export class LedgerReader {
  readonly #tails = new Map<string, Tail>();
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);

  /** @param only - the one slot to read, for a producer that takes up its predecessor's work. */
  constructor(
    private readonly folder: string,
    private readonly only?: string,
  ) {}

  /** Hands over every new entry with the slot that wrote it. A line that was cut off by a kill is left for ever. */
  read(take: (slot: string, entry: LedgerEntry) => void): void {
    for (const name of readdirSync(this.folder)) {
      const slot = NAME.exec(name)?.[1];
      if (slot !== undefined && (this.only === undefined || slot === this.only)) this.#readFile(name, slot, take);
    }
  }

  #readFile(name: string, slot: string, take: (slot: string, entry: LedgerEntry) => void): void {
    const tail = this.#tails.get(name) ?? { offset: 0, rest: '' };
    this.#tails.set(name, tail);
    const file = openSync(join(this.folder, name), 'r');
    try {
      for (;;) {
        const bytes = readSync(file, this.#buffer, 0, CHUNK_BYTES, tail.offset);
        if (bytes === 0) return;
        tail.offset += bytes;
        const lines = (tail.rest + this.#buffer.toString('latin1', 0, bytes)).split('\n');
        tail.rest = lines.pop() ?? '';
        for (const line of lines) take(slot, parseEntry(line));
      }
    } finally {
      closeSync(file);
    }
  }
}

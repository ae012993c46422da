import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerReader } from '../../soak/ledger-reader';
import { LedgerWriter } from '../../soak/ledger-writer';

describe('the reader of ledgers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'warren-ledger-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const readWith = (reader: LedgerReader): readonly string[] => {
    const seen: string[] = [];
    reader.read((slot, entry) => seen.push(`${slot} ${entry.kind}`));
    return seen;
  };

  it('hands over each entry once, with the slot that wrote it', () => {
    const reader = new LedgerReader(folder);
    const writer = new LedgerWriter(folder, 'worker-1.1');
    writer.write({ kind: 'begun', index: 1, attempt: 1, at: 1 });
    new LedgerWriter(folder, 'producer-2.7').write({ kind: 'sent', index: 1, at: 1 });
    expect(readWith(reader).toSorted()).toEqual(['producer-2 sent', 'worker-1 begun']);
    writer.write({ kind: 'crashing', index: 1, at: 1 });
    expect(readWith(reader)).toEqual(['worker-1 crashing']);
  });

  it('waits for the rest of a line, and never sees one that a kill has cut off', () => {
    const reader = new LedgerReader(folder);
    const file = join(folder, 'worker-1.1.ledger');
    appendFileSync(file, 'sent 1 2\nconfirm');
    expect(readWith(reader)).toEqual(['worker-1 sent']);
    appendFileSync(file, 'ed 1 2\nsent 1');
    expect(readWith(reader)).toEqual(['worker-1 confirmed']);
    expect(readWith(reader)).toEqual([]);
  });

  it('reads one slot only where it is asked to', () => {
    new LedgerWriter(folder, 'producer-1.1').write({ kind: 'sent', index: 1, at: 1 });
    new LedgerWriter(folder, 'producer-10.1').write({ kind: 'sent', index: 1, at: 1 });
    expect(readWith(new LedgerReader(folder, 'producer-1'))).toEqual(['producer-1 sent']);
  });
});

import { formatEntry, type LedgerEntry, parseEntry } from '../../soak/ledger-lines';

const ENTRIES: readonly LedgerEntry[] = [
  { kind: 'sent', at: 1, index: 2 },
  { kind: 'confirmed', at: 1, index: 2 },
  { kind: 'rejected', at: 1, index: 2, code: 'PUBLISH_TIMEOUT' },
  { kind: 'begun', at: 1, index: 2, attempt: 3 },
  { kind: 'ended', at: 1, index: 2, attempt: 3, outcome: 'gave-up' },
  { kind: 'lost', at: 1, what: 'confirms', atMost: 40 },
  { kind: 'crashing', at: 1, index: 2 },
];

describe('a line of the ledger', () => {
  it.each(ENTRIES.map((entry) => [entry.kind, entry] as const))(
    'that says %s is read as it was written',
    (_, entry) => {
      expect(parseEntry(formatEntry(entry))).toEqual(entry);
    },
  );

  it.each(['', 'sent', 'sent x 1', 'ended 1 2 3 vanished', 'guessed 1 2'])('that is %p is refused', (line) => {
    expect(() => parseEntry(line)).toThrow('not a line of the ledger');
  });
});

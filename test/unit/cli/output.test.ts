import { formatAge } from '../../../src/cli/letter-view';
import { formatTable } from '../../../src/cli/output';
import { printable, printableLines } from '../../../src/cli/printable';

it('spells out control characters, and keeps lines where there may be several', () => {
  expect(printable('a\u001b[31mb\nc\td')).toBe('a\\x1b[31mb c d');
  expect(printableLines('a\r\n\tb\u0007')).toBe('a\n  b\\x07');
});

it('writes columns below each other, wide characters included', () => {
  expect(
    formatTable(
      ['N', 'NAME'],
      [
        ['1', '日本'],
        ['12', 'b'],
      ],
      { right: [0] },
    ),
  ).toBe(' N  NAME\n 1  日本\n12  b');
});

it('keeps a table within its columns', () => {
  const table = formatTable(['QUEUE', 'ERROR'], [['q'.repeat(100), 'e'.repeat(200)]], { columns: 60 });
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  expect(table).toContain('…');
});

it.each([
  [0, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [7_200_000, '2h'],
  [3 * 86_400_000 + 5, '3d'],
])('writes an age of %d ms as %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

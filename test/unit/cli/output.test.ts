import fc from 'fast-check';
import stringWidth from 'string-width';
import { formatAge } from '../../../src/cli/letter-view';
import { formatTable } from '../../../src/cli/table';
import { printable, printableLines } from '../../../src/text/printable';

it('spells out control characters, and keeps lines where there may be several', () => {
  expect(printable('a\u001b[31mb\nc\td')).toBe('a\\u{1b}[31mb c d');
  expect(printableLines('a\r\n\tb\u0007')).toBe('a\n  b\\u{7}');
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

describe('a table', () => {
  const head = ['AGE', 'QUEUE', 'TASK', 'REASON', 'ID', 'ERROR'];
  const id = '0b1f7c1e-6f0e-4c50-9a57-6d1b3d3f3f10';
  const error = 'TypeError: Cannot read properties of undefined (reading "mailbox") of customer 4711';
  const row = ['4m', 'emails', 'emails.sendVerification', 'exhausted', id, error];
  const options = { right: [0], second: [1, 5] };

  it('is never cut without a width, so that what is in it can be searched for', () => {
    const wide = ['x'.repeat(300), 'y'.repeat(5_000)];
    expect(formatTable(['A', 'B'], [wide], { second: [1] })).toBe(`A${' '.repeat(299)}  B\n${wide.join('  ')}`);
  });

  it('on 80 columns shows task, reason and id whole, and the error on a line of its own', () => {
    expect(formatTable(head, [row], { ...options, columns: 80 }).split('\n')).toEqual([
      `AGE  TASK                     REASON     ID`,
      ` 4m  emails.sendVerification  exhausted  ${id}`,
      `    emails  TypeError: Cannot read properties of undefined (reading "mailbox") …`,
    ]);
  });

  it('on 160 columns has one line for each row, with most of the error', () => {
    const [, line = ''] = formatTable(head, [row], { ...options, columns: 160 }).split('\n');
    expect(line).toContain('  TypeError: Cannot read properties of undefined (reading "mailbox") of cu');
    expect(line).toMatch(/…$/);
    expect(line).toHaveLength(160);
  });

  it.each([40, 80, 120])('keeps within %d columns, whatever it shows, and cuts no character in two', (columns) => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('日', '👩‍👩‍👧', 'é', 'ב', 'a') }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, texts, texts), { maxLength: 5 }), (rows) => {
        for (const line of formatTable(['A', 'B', 'C'], rows, { columns, second: [2] }).split('\n')) {
          expect(stringWidth(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/\p{Cs}/u);
        }
      }),
    );
  });

  it('is styled after it is laid out', () => {
    const style = (text: string, row: number, column: number) => (row === 0 && column === 1 ? `<${text}>` : text);
    expect(formatTable(['A', 'B', 'C'], [['1', '2', '3']], { style })).toBe('A  B  C\n1  <2>  3');
  });
});

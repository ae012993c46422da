import stringWidth from 'string-width';
import { printable } from '../text/printable';

export interface TableOptions {
  /** The room there is. @defaultValue as much as the table needs */
  readonly columns?: number | undefined;
  /** Columns whose cells end below each other. */
  readonly right?: readonly number[];
  /**
   * Columns that go to a second line of each row where the table does not fit otherwise. Their texts need no title. The last of
   * them may be cut on the first line, as long as `leastOfLast` of it can be read there.
   */
  readonly second?: readonly number[];
  readonly leastOfLast?: number;
  /** Adds colour to a cell that is laid out. */
  readonly style?: (text: string, row: number, column: number) => string;
}

const GAP = '  ';
const INDENT = '    ';
/** A column is not made narrower than this for the sake of others. */
const MIN_CELL = 8;
const LEAST_OF_LAST = 30;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Cells below each other, without borders. Without `columns` nothing is cut. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  const { columns = Number.POSITIVE_INFINITY, second = [], leastOfLast = LEAST_OF_LAST } = options;
  const safe = rows.map((row) => row.map(printable));
  const all = [...head.keys()];
  const natural = all.map((column) => Math.max(...[head, ...safe].map((row) => stringWidth(row[column] ?? ''))));
  const room = (shown: readonly number[]): number => columns - GAP.length * (shown.length - 1);
  const needs = (shown: readonly number[]): number => shown.reduce((sum, column) => sum + (natural[column] ?? 0), 0);
  const last = second.at(-1);
  const cutLast = last === undefined ? 0 : Math.max(0, (natural[last] ?? 0) - leastOfLast);
  if (needs(all) - cutLast <= room(all)) {
    const surplus = Math.max(0, needs(all) - room(all));
    const widths = natural.map((width, column) => (column === last ? width - surplus : width));
    return lines(head, safe, all, widths, options).join('\n');
  }
  const first = all.filter((column) => !second.includes(column));
  const widths = fitted(natural, first, room(first));
  const [title = '', ...firstLines] = lines(head, safe, first, widths, options);
  const below = (row: readonly string[], index: number): readonly string[] => {
    const texts = second.map((column) => row[column] ?? '').filter((text) => text !== '');
    if (texts.length === 0) return [];
    const text = cut(texts.join(GAP), columns - INDENT.length);
    return [`${INDENT}${options.style?.(text, index, last ?? 0) ?? text}`];
  };
  return [title, ...firstLines.flatMap((line, index) => [line, ...below(safe[index] ?? [], index)])].join('\n');
}

/** The widest columns give first, until all fit or none can give more. */
function fitted(natural: readonly number[], shown: readonly number[], room: number): readonly number[] {
  const widths = [...natural];
  const sum = (): number => shown.reduce((total, column) => total + (widths[column] ?? 0), 0);
  for (let surplus = sum() - room; surplus > 0; surplus = sum() - room) {
    const [widest = 0, next = 0] = shown.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    const width = widths[widest] ?? 0;
    if (width <= MIN_CELL) break;
    // Down to the next one, and then by turns.
    const give = Math.max(1, width - Math.max(MIN_CELL, widths[next] ?? 0));
    widths[widest] = width - Math.min(surplus, give);
  }
  return widths;
}

function lines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  shown: readonly number[],
  widths: readonly number[],
  { right = [], style = (text) => text }: TableOptions,
): readonly string[] {
  const line = (row: readonly string[], styled: (text: string, column: number) => string): string =>
    shown
      .map((column, position) => {
        const width = widths[column] ?? 0;
        const text = cut(row[column] ?? '', width);
        const padding = ' '.repeat(Math.max(0, width - stringWidth(text)));
        if (right.includes(column)) return padding + styled(text, column);
        return styled(text, column) + (position === shown.length - 1 ? '' : padding);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(head, (text) => text),
    ...rows.map((row, index) => line(row, (text, column) => style(text, index, column))),
  ];
}

/** No wider than this, by whole characters as people see them. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

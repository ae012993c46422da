import { styleText } from 'node:util';
import Table from 'cli-table3';
import { printable } from './printable';

type Style = Parameters<typeof styleText>[0];

/** What a command writes to. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Columns where the terminal does not say. */
const DEFAULT_COLUMNS = 80;
const MIN_COLUMNS = 40;

/**
 * Results go to standard output, everything else (notes, questions, progress, errors) to standard error, so that a
 * pipe gets results alone. Colours where the stream is a terminal and `NO_COLOR` is not set, which Node decides.
 */
export class Output {
  constructor(
    readonly terminal: Terminal,
    /** Whether results are printed as JSON. */
    readonly json: boolean,
  ) {}

  get columns(): number {
    return Math.max(MIN_COLUMNS, this.terminal.stdout.columns ?? DEFAULT_COLUMNS);
  }

  /** A part of the result. */
  print(text: string): void {
    this.terminal.stdout.write(`${text}\n`);
  }

  /** The result for programs: one JSON document, on one line where `compact`. */
  printJson(value: unknown, compact = false): void {
    this.print(compact ? JSON.stringify(value) : JSON.stringify(value, null, 2));
  }

  /** Something that people want to know and programs do not. */
  note(text: string): void {
    if (!this.json) this.terminal.stderr.write(`${text}\n`);
  }

  style(style: Style, text: string): string {
    // Node's option type wants a stream of its own kind; any tty stream answers what it asks.
    return styleText(style, text, { stream: this.terminal.stdout });
  }

  styleNote(style: Style, text: string): string {
    return styleText(style, text, { stream: this.terminal.stderr });
  }
}

/** Cells below each other, without borders; the last column is cut where the line would be longer than `columns`. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly columns?: number; readonly right?: readonly number[] } = {},
): string {
  const safe = rows.map((row) => row.map(printable));
  const table = new Table({
    head: [...head],
    ...widthsFor(head, safe, options.columns),
    colAligns: head.map((_, column) => (options.right?.includes(column) === true ? 'right' : 'left')),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  table.push(...safe.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const GAP = '  ';
const NO_BORDERS = Object.fromEntries(
  [
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ]
    .flat()
    .map((part) => [part, '']),
) as Record<string, string>;
NO_BORDERS['middle'] = GAP;

/** Fixed widths where the natural ones do not fit: the widest column gives, first of all the last. */
function widthsFor(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): { colWidths?: number[] } {
  if (columns === undefined) return {};
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const room = columns - GAP.length * (head.length - 1);
  let surplus = widths.reduce((sum, width) => sum + width, 0) - room;
  if (surplus <= 0) return {};
  for (const column of [widths.length - 1, ...widths.keys()]) {
    const width = widths[column] ?? 0;
    const least = Math.min(width, Math.max((head[column] ?? '').length, MIN_CELL));
    const given = Math.max(0, Math.min(surplus, width - least));
    widths[column] = width - given;
    surplus -= given;
  }
  return { colWidths: widths };
}

const MIN_CELL = 8;

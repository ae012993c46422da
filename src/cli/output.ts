import { styleText } from 'node:util';
import { stringifyRaw } from '../message/json-text';
import { printableJson, printableStyled } from '../text/printable';

type Style = Parameters<typeof styleText>[0];

/** What a command writes to. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Columns of a terminal that does not say how many it has. */
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

  /** The width that tables have; `undefined` in a pipe or a file, where nothing is to be cut. */
  get columns(): number | undefined {
    const { isTTY, columns } = this.terminal.stdout;
    if (isTTY !== true) return undefined;
    // A terminal of unknown size says 0.
    return Math.max(MIN_COLUMNS, columns > 0 ? columns : DEFAULT_COLUMNS);
  }

  /** A part of the result, for people. */
  print(text: string): void {
    this.terminal.stdout.write(`${printableStyled(text)}\n`);
  }

  /** The result for programs: one JSON document, on one line where `compact`. */
  printJson(value: unknown, compact = false): void {
    this.terminal.stdout.write(`${terminalJson(value, compact)}\n`);
  }

  /** Something that people want to know and programs do not. */
  note(text: string): void {
    if (!this.json) this.terminal.stderr.write(`${printableStyled(text)}\n`);
  }

  style(style: Style, text: string): string {
    // Node's option type wants a stream of its own kind; any tty stream answers what it asks.
    return styleText(style, text, { stream: this.terminal.stdout });
  }

  styleNote(style: Style, text: string): string {
    return styleText(style, text, { stream: this.terminal.stderr });
  }
}

/** A value as JSON for programs, which a terminal may show; what it holds of payloads has every number as it came. */
export function terminalJson(value: unknown, compact: boolean): string {
  return printableJson(compact ? stringifyRaw(value) : stringifyRaw(value, '  '));
}

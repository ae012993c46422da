import type { WriteStream } from 'node:tty';

/** How a line is meant: each has a colour where there is a terminal. */
export type Tone = 'plain' | 'good' | 'bad' | 'waiting';

const COLOURS: Readonly<Record<Tone, number>> = { plain: 36, good: 32, bad: 31, waiting: 33 };
const BOLD = 1;
const DIM = 2;

/** Prints what happens, with the seconds since the beginning at the left. */
export class Timeline {
  readonly #startedAt = performance.now();
  readonly #coloured: boolean;

  constructor(private readonly out: WriteStream) {
    this.#coloured = out.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  }

  chapter(title: string): void {
    this.out.write(`\n${this.#style(title, BOLD)}\n`);
  }

  /** One thing that happened: `  0.31 s  done        payments.charge, attempt 3`. */
  say(what: string, text: string, tone: Tone = 'plain'): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(2).padStart(6);
    this.out.write(`${this.#style(`${seconds} s`, DIM)}  ${this.#style(what.padEnd(13), COLOURS[tone])} ${text}\n`);
  }

  /** More about the line before. */
  detail(text: string): void {
    this.out.write(`${' '.repeat(24)}${this.#style(text, DIM)}\n`);
  }

  #style(text: string, code: number): string {
    return this.#coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { bounded, eventually } from './bounded';

const MAIN = resolve(__dirname, '../../dist/cli/main.js');

/**
 * `warren …` on a terminal: util-linux's `script` gives it one. What is typed goes through the terminal's own line
 * discipline, so that Ctrl-C is a signal and Ctrl-D the end of the input, as for people.
 */
export class TerminalProcess {
  /** Everything that has come out, control characters included. */
  screen = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(args: readonly string[], { env = {}, columns = 80 }: { env?: NodeJS.ProcessEnv; columns?: number } = {}) {
    const words = [process.execPath, MAIN, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const line = `stty cols ${columns} rows 24; exec ${words.join(' ')}`;
    this.#child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      // Colours are the terminal's matter: not those of whoever runs the tests.
      env: {
        ...process.env,
        AMQP_URL: undefined,
        NO_COLOR: undefined,
        FORCE_COLOR: undefined,
        NODE_DISABLE_COLORS: undefined,
        CI: undefined,
        TERM: 'xterm-256color',
        SHELL: '/bin/sh',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.screen += text;
    });
    this.#ended = new Promise((done, failed) => {
      this.#child.once('error', failed);
      this.#child.once('close', (code) => done(code));
    });
  }

  /** Presses keys: `\r` is Enter, `\x03` Ctrl-C, `\x04` Ctrl-D. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async showed(pattern: RegExp): Promise<void> {
    await eventually(
      `"${pattern}" on the terminal`,
      () => this.screen,
      (text) => pattern.test(text),
      30_000,
    );
  }

  /** Waits for its exit code. */
  ended(): Promise<number | null> {
    return bounded('warren to end', this.#ended, 30_000);
  }
}

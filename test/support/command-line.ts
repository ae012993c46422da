import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { bounded, eventually } from './bounded';

const MAIN = resolve(__dirname, '../../dist/cli/main.js');
const COMMAND_TIMEOUT_MS = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** What is written to its standard input; without it, that is closed. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** `warren …` as a process, as `npm test` has built it. */
export class CommandProcess {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;

  constructor(args: readonly string[], { input, env = {}, cwd }: CommandOptions = {}) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      // What is undefined is left out.
      env: { ...process.env, AMQP_URL: undefined, ...env },
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdin?.end(input);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#ended = new Promise((done, failed) => {
      this.#child.once('error', failed);
      this.#child.once('close', (code) => done({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until its output passes a test. */
  async said(pattern: RegExp, timeoutMs?: number): Promise<void> {
    await eventually(
      `"${pattern}" from warren`,
      () => this.stdout + this.stderr,
      (text) => pattern.test(text),
      timeoutMs,
    );
  }

  ended(timeoutMs = COMMAND_TIMEOUT_MS): Promise<Ended> {
    return bounded('warren to end', this.#ended, timeoutMs);
  }
}

/** Runs `warren …` to its end. */
export function warren(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return new CommandProcess(args, options).ended(options.timeoutMs);
}

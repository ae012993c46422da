import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bounded, eventually } from '../support/bounded';

/** A process of one of the `fixtures`, and what it says. */
export class WorkerProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  /** @param args - of `slow-worker.cjs`: URL, queue, milliseconds a task takes, and the stop timeout in milliseconds. */
  constructor(...args: readonly string[]) {
    const [fixture, ...rest] = args[0]?.endsWith('.cjs') === true ? args : ['slow-worker.cjs', ...args];
    this.#child = spawn(process.execPath, [join(__dirname, 'fixtures', String(fixture)), ...rest], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on('line', (line) => this.lines.push(line));
  }

  /** The lines that begin with a word. */
  said(word: string): readonly string[] {
    return this.lines.filter((line) => line.startsWith(word));
  }

  async says(word: string, times = 1): Promise<void> {
    await eventually(
      `"${word}" ${times} times`,
      () => this.said(word).length,
      (count) => count >= times,
    );
  }

  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** @returns its exit code; `null` when the signal itself ended it. */
  async end(signal: NodeJS.Signals, timeoutMs = 15_000): Promise<number | null> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code] = (await bounded(`the worker's end after ${signal}`, exited, timeoutMs)) as [number | null];
    return code;
  }
}

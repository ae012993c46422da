import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Transcript } from './transcript';

/** One of the example's processes. */
export class Program {
  /** Resolves when the process has ended with code 0, rejects when it ended otherwise. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  /** @param argument - what the program is told on its command line. */
  constructor(name: string, file: string, argument: string, transcript: Transcript) {
    const child = spawn(process.execPath, [join(__dirname, `${file}.js`), argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => transcript.add(name, line));
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      // Unlike 'exit', 'close' comes after the last line.
      child.on('close', (code, signal) =>
        code === 0 ? resolve() : reject(new Error(`${name} ended with ${signal ?? `code ${code}`}`)),
      );
    });
    this.#child = child;
  }

  /** Asks it to finish what it does, and to end. */
  stop(): void {
    this.#child.kill('SIGTERM');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

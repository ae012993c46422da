import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bounded } from '../support/bounded';
import { NOT_STARTED, type ProcessJob } from './process-job';

/** How a process ended: as told; as its task told it; since its broker was away; or by no doing of ours. */
export type ProcessEnd = 'told' | 'crashed' | 'not started' | 'unexpected';

export interface SlotEvents {
  onEnd(slot: string, end: ProcessEnd, detail: string): void;
}

const RESTART_PAUSE_MS = 300;
const STDERR_TAIL = 2_000;

/** A place for one worker or producer: its process is started again whenever it ends, until it has finished or is retired. */
export class Slot {
  #child: ChildProcess | undefined;
  #incarnation = 0;
  #told = false;
  #kept = true;
  #restart: NodeJS.Timeout | undefined;
  #finish: () => void = () => undefined;
  /** Resolves when a process of this slot has ended with 0 by itself: it has done its work. */
  readonly finished = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  /** @param program - the compiled program's name. */
  constructor(
    readonly name: string,
    private readonly program: string,
    private readonly folder: string,
    private readonly jobOf: (incarnation: number) => ProcessJob,
    private readonly events: SlotEvents,
  ) {}

  start(): void {
    const incarnation = ++this.#incarnation;
    const stderr = openSync(this.#stderrFile(incarnation), 'w');
    const child = fork(join(__dirname, `${this.program}.js`), [JSON.stringify(this.jobOf(incarnation))], {
      stdio: ['ignore', 2, stderr, 'ipc'],
    });
    closeSync(stderr);
    this.#child = child;
    this.#told = false;
    child.once('exit', (code, signal) => this.#ended(incarnation, code, signal));
  }

  /** Ends the process by a signal; one that is down already stays so. Resolves to its exit code, `null` after SIGKILL. */
  async end(signal: NodeJS.Signals, timeoutMs: number): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    this.#told = true;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = await bounded(`${this.name} to end after ${signal}`, exited, timeoutMs);
    return code as number | null;
  }

  /** No process is started here any more. */
  retire(): void {
    this.#kept = false;
    clearTimeout(this.#restart);
  }

  #ended(incarnation: number, code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    const end = this.#endOf(code, signal);
    const how = `${this.name} ended with ${signal ?? code}`;
    this.events.onEnd(this.name, end, end === 'unexpected' ? `${how}: ${this.#stderrOf(incarnation)}` : how);
    if (code === 0 && !this.#told) {
      this.retire();
      this.#finish();
    }
    if (this.#kept) this.#restart = setTimeout(() => this.start(), this.#told ? 0 : RESTART_PAUSE_MS);
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
    if (this.#told || code === 0) return 'told';
    if (signal === 'SIGKILL') return 'crashed';
    return code === NOT_STARTED ? 'not started' : 'unexpected';
  }

  #stderrFile(incarnation: number): string {
    return join(this.folder, `${this.name}.${incarnation}.stderr`);
  }

  #stderrOf(incarnation: number): string {
    return readFileSync(this.#stderrFile(incarnation), 'utf8').trim().slice(-STDERR_TAIL);
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bounded } from '../../support/bounded';

/** Starts a worker process again whenever it dies, as an orchestrator does, and counts. */
export class SupervisedWorker {
  /** What its processes have written. */
  readonly lines: string[] = [];
  deaths = 0;
  #stopped = false;
  #child;

  /**
   * @param fixture - one of the `fixtures`.
   * @param onLine - is called with each line.
   */
  constructor(
    private readonly fixture: string,
    private readonly args: readonly string[],
    private readonly onLine: (line: string) => void = () => undefined,
  ) {
    this.#child = this.#start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await bounded("the worker's end", exited);
  }

  #start() {
    const path = join(__dirname, '../fixtures', this.fixture);
    const child = spawn(process.execPath, [path, ...this.args], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface(child.stdout).on('line', (line) => {
      this.lines.push(line);
      this.onLine(line);
    });
    child.once('exit', () => {
      if (this.#stopped) return;
      this.deaths++;
      this.#child = this.#start();
    });
    return child;
  }
}

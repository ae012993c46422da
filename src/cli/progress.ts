import { SingleBar } from 'cli-progress';
import { printable } from '../text/printable';
import type { Output } from './output';

/** A bar on standard error, on a terminal alone: in a log file it would be noise. */
export class Progress {
  readonly #bar: SingleBar | undefined;
  #done = 0;

  /**
   * @param what - `enqueued`, `replayed`.
   * @param total - how many there will be, or `undefined` where nobody knows: the end then moves with the work.
   */
  constructor(
    output: Output,
    what: string,
    private readonly total: number | undefined,
  ) {
    const { stderr } = output.terminal;
    if (output.json || stderr.isTTY !== true) return;
    const name = printable(what).replaceAll(/[{}]/g, '');
    const count = total === undefined ? '{value}' : '{value}/{total}';
    this.#bar = new SingleBar({
      stream: stderr,
      // A queue's name, say; braces would be taken for a field of the bar.
      format: total === undefined ? `${name} ${count}` : `${name} [{bar}] {percentage}% ${count} {eta_formatted}`,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: false,
    });
    this.#bar.start(total ?? 0, 0);
  }

  update(done: number): void {
    this.#done = done;
    if (this.total === undefined) this.#bar?.setTotal(done);
    this.#bar?.update(done);
  }

  increment(): void {
    this.update(this.#done + 1);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

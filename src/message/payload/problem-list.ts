import { truncateBytes } from '../../errors/describe-thrown';
import type { PayloadProblem } from '../../errors/enqueue-errors';
import { ROOT_PATH } from './payload-path';

/** Problems that are listed; past them they are only counted. */
export const MAX_PROBLEMS = 50;
const MAX_MESSAGE_BYTES = 300;
const MAX_PATH_BYTES = 500;

/** Collects what is wrong with one payload. */
export class ProblemList {
  readonly #problems: PayloadProblem[] = [];
  /** Paths of values that cannot be sent at all: rules about them say nothing new. */
  readonly #lost: string[] = [];
  #unlisted = 0;

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  /** Whether further problems are only counted, so that their words need not be made. */
  get isFull(): boolean {
    return this.#problems.length >= MAX_PROBLEMS;
  }

  /** Whether a value of the payload cannot be sent. */
  get hasLosses(): boolean {
    return this.#lost.length > 0;
  }

  /** Adds a value that cannot be sent. What its rules find wrong is left out from then on. */
  addLoss(path: string, rule: string, message: string): void {
    this.add(path, rule, message);
    if (this.#lost.length < MAX_PROBLEMS) this.#lost.push(path);
  }

  add(path: string, rule: string, message: string): void {
    if (this.#lost.some((lost) => isAtOrBelow(path, lost))) return;
    if (this.isFull) {
      this.#unlisted++;
      return;
    }
    const problem = {
      path: truncateBytes(path, MAX_PATH_BYTES),
      rule,
      message: truncateBytes(message, MAX_MESSAGE_BYTES),
    };
    this.#problems.push(Object.freeze(problem));
  }

  /** Counts a problem that is not put into words. */
  count(): void {
    this.#unlisted++;
  }

  toFailure(): { readonly ok: false; readonly problems: readonly PayloadProblem[] } {
    if (this.#unlisted === 0) return { ok: false, problems: this.#problems };
    const more = Object.freeze({ path: ROOT_PATH, rule: 'more', message: `and ${this.#unlisted} more problems` });
    return { ok: false, problems: [...this.#problems, more] };
  }
}

function isAtOrBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`);
}

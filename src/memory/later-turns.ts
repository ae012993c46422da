import { realMicrotask, setRealImmediate } from '../time/real-timers';

/** Microtasks in a row. Endless ones (a task that is requeued at once, for ever) would starve timers and I/O. */
const MAX_IN_ROW = 64;

/**
 * Runs work after the caller has returned, so that a broker never calls back into the code that called it: in a
 * microtask, so that everything that is ready settles in one turn of the event loop, but now and then in a later turn.
 */
export class LaterTurns {
  #inRow = 0;

  run(work: () => void): void {
    if (++this.#inRow <= MAX_IN_ROW) {
      realMicrotask(work);
      return;
    }
    this.#inRow = 0;
    setRealImmediate(work);
  }
}

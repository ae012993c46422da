import { performance } from 'node:perf_hooks';
import timers from 'node:timers';

/**
 * Node's timers as they were when Warren was loaded. Fake timers (of Jest, Vitest, sinon) replace the globals, and some
 * of them the functions of `node:timers`: what Warren waits for itself would then wait for the test. Taken from Node's
 * modules, so that fake globals that were there before Warren do not count either.
 *
 * @see docs/decisions/021-test-clock-and-real-work.md
 */
export const {
  setTimeout: setRealTimeout,
  clearTimeout: clearRealTimeout,
  setInterval: setRealInterval,
  clearInterval: clearRealInterval,
  setImmediate: setRealImmediate,
} = timers;

/** Milliseconds since 1970. A `Date` that was fake before Warren was loaded is taken for the real one. */
export const realNow: () => number = Date.now;

/** Milliseconds of a clock that never jumps: `performance.now()`. */
export const realElapsed: () => number = performance.now.bind(performance);

const resolved = Promise.resolve();

/** As `queueMicrotask`, which fake timers replace; a promise's reaction they cannot. `work` must not throw. */
export function realMicrotask(work: () => void): void {
  void resolved.then(work);
}

/** One turn of the event loop. */
export const nextRealTurn = (): Promise<void> => new Promise((resolve) => void setRealImmediate(resolve));

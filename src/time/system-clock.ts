import type { Clock, Timer } from './clock';

/** `setTimeout` fires at once beyond this: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout;

  constructor(
    private readonly callback: () => void,
    delayMs: number,
  ) {
    this.#handle = this.#arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #arm(delayMs: number): NodeJS.Timeout {
    if (delayMs <= MAX_TIMEOUT_MS) return setTimeout(this.callback, delayMs);
    return setTimeout(() => {
      this.#handle = this.#arm(delayMs - MAX_TIMEOUT_MS);
    }, MAX_TIMEOUT_MS);
  }
}

/** The machine's own time. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  schedule: (callback: () => void, delayMs: number) => new SystemTimer(callback, delayMs),
});

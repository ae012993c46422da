import type { Clock, Timer } from './clock';
import { clearRealTimeout, realNow, setRealTimeout } from './real-timers';

/** `setTimeout` fires at once beyond this: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** What a clock of the machine is made of. */
export interface SystemTimers {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout): void;
}

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout;

  constructor(
    private readonly timers: SystemTimers,
    private readonly callback: () => void,
    delayMs: number,
  ) {
    this.#handle = this.#arm(delayMs);
  }

  cancel(): void {
    this.timers.clearTimeout(this.#handle);
  }

  #arm(delayMs: number): NodeJS.Timeout {
    if (delayMs <= MAX_TIMEOUT_MS) return this.timers.setTimeout(this.callback, delayMs);
    return this.timers.setTimeout(() => {
      this.#handle = this.#arm(delayMs - MAX_TIMEOUT_MS);
    }, MAX_TIMEOUT_MS);
  }
}

export function createSystemClock(timers: SystemTimers): Clock {
  return Object.freeze({
    now: timers.now,
    schedule: (callback: () => void, delayMs: number) => new SystemTimer(timers, callback, delayMs),
  });
}

/** The machine's own time, also where a test has put fake timers in place of the global ones. */
export const systemClock: Clock = createSystemClock({
  now: realNow,
  setTimeout: setRealTimeout,
  clearTimeout: clearRealTimeout,
});

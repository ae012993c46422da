import { createSystemClock } from '../../../src/time/system-clock';

const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** By the globals as they are when they are called: `systemClock` itself does not follow fake timers. */
const systemClock = createSystemClock({
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer),
});

// Node fires a longer timeout at once; so do these fake timers.
beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('tells the time', () => {
  jest.setSystemTime(1_234_567);
  expect(systemClock.now()).toBe(1_234_567);
});

it.each([0, 1, LONGEST_TIMEOUT, LONGEST_TIMEOUT + 1, 3 * LONGEST_TIMEOUT + 7])(
  'waits %s ms, neither less nor more',
  (delayMs) => {
    const callback = jest.fn();
    systemClock.schedule(callback, delayMs);
    if (delayMs > 0) jest.advanceTimersByTime(delayMs - 1);
    expect(callback).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  },
);

it('can be cancelled in every step of a long wait, and after it', () => {
  const callback = jest.fn();
  const delayMs = 2 * LONGEST_TIMEOUT + 10;
  for (const waitedMs of [0, LONGEST_TIMEOUT, 2 * LONGEST_TIMEOUT + 5]) {
    const timer = systemClock.schedule(callback, delayMs);
    jest.advanceTimersByTime(waitedMs);
    timer.cancel();
    timer.cancel();
    expect(jest.getTimerCount()).toBe(0);
  }
  expect(callback).not.toHaveBeenCalled();
});

import { ManualClock } from '../../../src/time/manual-clock';

const START = 1_000_000;

/** A clock, and what fired on it at which time. */
function recordedClock(): { clock: ManualClock; fired: string[]; record: (name: string, delayMs: number) => void } {
  const clock = new ManualClock(START);
  const fired: string[] = [];
  const record = (name: string, delayMs: number): void => {
    clock.schedule(() => fired.push(`${name}@${clock.now() - START}`), delayMs);
  };
  return { clock, fired, record };
}

it('stands still until it is moved', async () => {
  const { clock, fired, record } = recordedClock();
  record('a', 0);
  await new Promise((resolve) => setImmediate(resolve));
  expect([clock.now(), fired, clock.pendingTimers]).toEqual([START, [], 1]);
});

it('fires timers in the order of their times, equal ones as they were scheduled, each at its own time', async () => {
  const { clock, fired, record } = recordedClock();
  record('late', 30);
  record('first', 10);
  record('second', 10);
  record('never', 31);
  record('past', -5);
  await clock.advance(30);
  expect(fired).toEqual(['past@0', 'first@10', 'second@10', 'late@30']);
  expect([clock.now(), clock.pendingTimers]).toEqual([START + 30, 1]);
});

it('fires what a callback schedules, if it falls due on the way', async () => {
  const { clock, fired, record } = recordedClock();
  clock.schedule(() => {
    record('nested', 5);
    record('too late', 50);
  }, 10);
  record('between', 12);
  await clock.advance(20);
  expect(fired).toEqual(['between@12', 'nested@15']);
});

it('lets promises run between two timers', async () => {
  const { clock, fired, record } = recordedClock();
  const slept = new Promise<void>((resolve) => clock.schedule(resolve, 10));
  void slept.then(() => Promise.resolve()).then(() => record('after the promise', 1));
  record('b', 20);
  await clock.advance(20);
  expect(fired).toEqual(['after the promise@11', 'b@20']);
});

it('does not fire a cancelled timer, even when the canceller fires at the same time', async () => {
  const { clock, fired, record } = recordedClock();
  const cancelled = clock.schedule(() => fired.push('cancelled'), 10);
  clock.schedule(() => second.cancel(), 10);
  const second = clock.schedule(() => fired.push('second'), 10);
  cancelled.cancel();
  cancelled.cancel();
  record('kept', 10);
  await clock.advance(10);
  cancelled.cancel();
  expect(fired).toEqual(['kept@10']);
});

it('never goes back when it is moved from within a callback', async () => {
  const clock = new ManualClock(START);
  let inner: Promise<void> | undefined;
  clock.schedule(() => {
    inner = clock.advance(100);
  }, 5);
  await clock.advance(10);
  await inner;
  expect(clock.now()).toBe(START + 105);
});

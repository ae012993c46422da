import { ManualClock } from '../../../../src/time/manual-clock';
import { type SoloRun, SoloRuns } from '../../../../src/worker/crash-loops/solo-runs';

const FIRST = { waitMs: 0, holdMs: 5_000 };
const LATER = { waitMs: 5_000, holdMs: 10_000 };

/** A process with so many tasks, and what happened in it. */
function bench(running = 0) {
  const clock = new ManualClock();
  const done: string[] = [];
  const process = { running };
  const soloRuns = new SoloRuns(() => process.running, clock);
  const begin = (name: string, terms: typeof FIRST): Promise<SoloRun | undefined> => {
    const solo = soloRuns.begin(terms, async () => void done.push(`${name} marked`));
    void solo.then((begun) =>
      done.push(`${name} ${begun === undefined ? 'not begun' : begun.isAlone ? 'alone' : 'beside'}`),
    );
    return solo;
  };
  const wantToBegin = (): void => {
    void soloRuns.held?.then(() => done.push('task begins'));
  };
  return { clock, done, process, soloRuns, begin, wantToBegin };
}

it('lets a suspect begin alone where nothing runs, and holds others back until it has ended', async () => {
  const { clock, done, soloRuns, begin, wantToBegin } = bench();
  const solo = await begin('a', FIRST);
  wantToBegin();
  await clock.advance(4_999);
  expect(done).toEqual(['a alone']);
  solo?.end();
  await clock.advance(0);
  expect(done).toEqual(['a alone', 'task begins']);
  expect(soloRuns.held).toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
});

it('lets a suspect begin beside others at first, and waits for nothing', async () => {
  const { done, soloRuns, begin } = bench(1);
  await begin('a', FIRST);
  expect(done).toEqual(['a beside']);
  expect(soloRuns.held).toBeUndefined();
});

it('waits for those that run, and lets none begin meanwhile', async () => {
  const { clock, done, process, begin, wantToBegin } = bench(2);
  void begin('a', LATER);
  wantToBegin();
  await clock.advance(4_000);
  expect(done).toEqual([]);
  process.running = 0;
  await clock.advance(1_000);
  expect(done).toEqual(['a alone']);
});

it('begins beside others that run on', async () => {
  const { clock, done, begin, wantToBegin } = bench(2);
  void begin('a', LATER);
  wantToBegin();
  await clock.advance(5_000);
  expect(done).toEqual(['task begins', 'a beside']);
});

it('marks a run of a suspect that goes on for long before another task begins', async () => {
  const { clock, done, begin, wantToBegin } = bench();
  await begin('a', FIRST);
  wantToBegin();
  await clock.advance(5_000);
  expect(done).toEqual(['a alone', 'a marked', 'task begins']);
});

it('is alone for as long as no other task wants to begin', async () => {
  const { clock, done, begin, wantToBegin } = bench();
  await begin('a', FIRST);
  await clock.advance(3_600_000);
  expect(done).toEqual(['a alone']);
  wantToBegin();
  await clock.advance(0);
  expect(done).toEqual(['a alone', 'a marked', 'task begins']);
});

it('lets tasks begin between two suspects that follow each other', async () => {
  const { clock, done, begin, process, wantToBegin } = bench();
  const first = await begin('a', FIRST);
  void begin('b', LATER);
  wantToBegin();
  process.running = 1;
  first?.end();
  await clock.advance(1_000);
  expect(done).toEqual(['a alone', 'task begins']);
  process.running = 0;
  await clock.advance(1_000);
  expect(done).toEqual(['a alone', 'task begins', 'b alone']);
});

it('takes a suspect that runs beside others for another task', async () => {
  const { clock, done, process, begin } = bench(1);
  const first = await begin('a', FIRST);
  process.running = 0;
  void begin('b', LATER);
  await clock.advance(1_000);
  expect(done).toEqual(['a beside']);
  first?.end();
  first?.end();
  await clock.advance(1_000);
  expect(done).toEqual(['a beside', 'b alone']);
});

it('begins no suspect when the worker stops', async () => {
  const { clock, done, soloRuns, begin } = bench(1);
  void begin('a', LATER);
  void begin('b', LATER);
  soloRuns.stop();
  await clock.advance(0);
  await begin('c', FIRST);
  expect(done.toSorted()).toEqual(['a not begun', 'b not begun', 'c not begun']);
  expect(clock.pendingTimers).toBe(0);
});

import { LONG_BLOCK_MS, LoopWatch } from '../../../src/health/loop-watch';

function watch() {
  let now = 1_000;
  const told: number[] = [];
  const loop = new LoopWatch(
    () => now,
    (ms) => told.push(ms),
  );
  return {
    loop,
    told,
    /** Nothing turns for so long. */
    block: (ms: number) => {
      now += ms;
    },
  };
}

it('knows of a long block in the very turn that ended it, and tells it once', () => {
  const { loop, told, block } = watch();
  loop.start();
  expect(loop.lastBlock).toBeUndefined();
  block(LONG_BLOCK_MS + 1_000);
  const known = loop.lastBlock;
  expect(known).toEqual({ ms: expect.any(Number) as number, endedAt: 4_000 });
  expect(known?.ms).toBeGreaterThanOrEqual(LONG_BLOCK_MS);
  expect(loop.lastBlock).toBe(known);
  expect(told).toEqual([known?.ms]);
  loop.stop();
});

it('makes nothing of short ones, nor of what came before it began or after its end', () => {
  const { loop, told, block } = watch();
  block(60_000);
  expect(loop.lastBlock).toBeUndefined();
  loop.start();
  block(LONG_BLOCK_MS);
  expect(loop.lastBlock).toBeUndefined();
  loop.stop();
  block(60_000);
  expect(loop.lastBlock).toBeUndefined();
  loop.start();
  expect(loop.lastBlock).toBeUndefined();
  loop.stop();
  expect(told).toEqual([]);
});

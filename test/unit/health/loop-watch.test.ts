import { LONG_BLOCK_MS, LoopWatch } from '../../../src/health/loop-watch';

function watch() {
  let now = 1_000;
  const told: number[] = [];
  const causes: (string | undefined)[] = [];
  const loop = new LoopWatch<string>(
    () => now,
    (ms, cause) => {
      told.push(ms);
      causes.push(cause);
    },
  );
  return {
    loop,
    told,
    causes,
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

it('names the cause, where the one that blocked asks', () => {
  const { loop, causes, block } = watch();
  loop.start();
  block(10_000);
  loop.look('emails.send');
  loop.look('somebody else');
  block(10_000);
  loop.look();
  expect(causes).toEqual(['emails.send', undefined]);
  loop.stop();
});

it('is calm again some turns after a block, when sockets have reported what happened meanwhile', async () => {
  const { loop, block } = watch();
  loop.start();
  loop.look();
  expect(loop.calm).toBeUndefined();
  block(10_000);
  loop.look();
  const { calm } = loop;
  expect(calm).toBeInstanceOf(Promise);
  block(10_000);
  loop.look();
  expect(loop.calm).toBe(calm);
  await calm;
  expect(loop.calm).toBeUndefined();
  loop.stop();
});

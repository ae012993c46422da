import fc from 'fast-check';
import { defineTask, EnqueueManyError, type EnqueueResult } from '../../../src';
import { sharedServer } from '../../../src/app/memory-servers';
import { systemClock } from '../../../src/time/system-clock';
import { startApp, stopApps, uniqueName } from '../../support/apps';

afterEach(stopApps);

async function setUp() {
  const queue = uniqueName('many');
  const server = sharedServer(queue, systemClock);
  const app = await startApp({ url: `memory:${queue}`, consume: false, maxWaiting: 10_000 });
  const declare = { name: queue, arguments: { 'x-queue-type': 'quorum' } };
  await app.broker.declare({ exchanges: [], queues: [declare], bindings: [] });
  const task = defineTask('emails.send', { queue, payload: 'unchecked' });
  return { app, task, server, client: app.client, stored: async () => (await app.broker.countReady(queue)) ?? 0 };
}

const idsOf = (results: readonly EnqueueResult[]) => results.map((result) => (result.ok ? result.id : 'failed'));

function* items(count: number, thrown: unknown) {
  for (let index = 0; index < count; index++) yield { payload: { index }, id: `t-${index}` };
  throw thrown;
}

async function* itemsInTime(count: number, thrown: unknown) {
  for (const item of items(count, thrown)) {
    await Promise.resolve();
    yield item;
  }
}

const failureOf = (answer: Promise<unknown>): Promise<EnqueueManyError> =>
  answer.then(
    () => Promise.reject(new Error('it resolved')),
    (error: unknown) => error as EnqueueManyError,
  );

describe('enqueueMany over items that throw', () => {
  it.each([
    ['an iterable', items],
    ['an async iterable', itemsInTime],
  ])('gives the results of what %s gave before, each settled, with its error as the cause', async (_what, make) => {
    const { client, task, stored } = await setUp();
    const cause = new Error('row 501 cannot be read');
    const error = await failureOf(client.enqueueMany(task, make(500, cause)));
    expect(error).toBeInstanceOf(EnqueueManyError);
    expect(error).toMatchObject({ code: 'ENQUEUE_MANY', task: 'emails.send', cause });
    expect(error.message).toContain('500 of 500');
    expect(error.message).toContain('row 501 cannot be read');
    expect(idsOf(error.results)).toEqual(Array.from({ length: 500 }, (_, index) => `t-${index}`));
    expect(await stored()).toBe(500);
  });

  it('does so for any number of items, and for whatever is thrown', async () => {
    const { client, task } = await setUp();
    const thrown = fc.oneof(
      fc.anything(),
      fc.constant(
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('no');
            },
          },
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 250 }), thrown, async (count, cause) => {
        const error = await failureOf(client.enqueueMany(task, items(count, cause)));
        expect(error).toBeInstanceOf(EnqueueManyError);
        expect(Object.is(error.cause, cause)).toBe(true);
        expect(error.results).toHaveLength(count);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps items that fail by themselves apart from the iterable that does', async () => {
    const { client, task, stored } = await setUp();
    const cause = new Error('stop');
    const mixed = function* () {
      yield { payload: 1 };
      yield { payload: 2, priority: 999 };
      yield null as never;
      yield {
        payload: 4,
        get delay(): never {
          throw new Error('a getter');
        },
      };
      yield { payload: 5 };
      throw cause;
    };
    const { results } = await failureOf(client.enqueueMany(task, mixed()));
    expect(results.map((result) => (result.ok ? 'ok' : result.error.message))).toEqual([
      'ok',
      expect.stringContaining('priority'),
      expect.stringContaining('an item must be an object with a payload and options, got null'),
      'a getter',
      'ok',
    ]);
    expect(await stored()).toBe(2);
  });

  it('is not confused by an iterator whose next and return both throw', async () => {
    const { client, task, stored } = await setUp();
    let given = 0;
    const broken = {
      [Symbol.iterator]: () => ({
        next: () => {
          if (given === 3) throw new Error('next');
          return { done: false as const, value: { payload: given++ } };
        },
        return: () => {
          throw new Error('return');
        },
      }),
    };
    const error = await failureOf(client.enqueueMany(task, broken));
    expect(error.cause).toMatchObject({ message: 'next' });
    expect(error.results).toHaveLength(3);
    expect(await stored()).toBe(3);
  });

  it('gives the results of an app that was stopped in between', async () => {
    const { app, client, task } = await setUp();
    const cause = new Error('late');
    const slow = async function* () {
      yield { payload: 1, id: 'before' };
      await app.stop();
      yield { payload: 2, id: 'after' };
      throw cause;
    };
    const { results } = await failureOf(client.enqueueMany(task, slow()));
    expect(results).toEqual([
      { ok: true, id: 'before' },
      { ok: false, id: 'after', error: expect.objectContaining({ code: 'CONNECTION_CLOSED' }) },
    ]);
  });

  it('waits for what a lost connection holds back', async () => {
    const { client, task, server, stored } = await setUp();
    const cause = new Error('late');
    const interrupted = function* () {
      yield { payload: 1 };
      server.dropConnections();
      yield { payload: 2 };
      throw cause;
    };
    const { results } = await failureOf(client.enqueueMany(task, interrupted()));
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(await stored()).toBe(2);
  });

  it('says what it needs of what cannot be iterated, and sends nothing', async () => {
    const { client, task } = await setUp();
    await expect(client.enqueueMany(task, undefined as never)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('iterable'),
    });
    await expect(client.enqueueMany(task, { payload: 1 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('takes an async iterable to its end', async () => {
    const { client, task, stored } = await setUp();
    const all = async function* () {
      for (let index = 0; index < 1_200; index++) yield { payload: index };
    };
    const results = await client.enqueueMany(task, all());
    expect(results).toHaveLength(1_200);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(await stored()).toBe(1_200);
  });
});

import {
  type DeadLetterFilter,
  fixed,
  type QueueType,
  type ReplayOptions,
  Task,
  type TaskApp,
  TaskQueue,
} from '../../../src';
import { drainIds, fillLetters } from '../../integration/cli/letters';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { eventually } from '../../support/bounded';

const LETTERS = 40;
const IDS = Array.from({ length: LETTERS }, (_, index) => `letter-${index}`);

/** Every call that only looks, with less than everything, with everything, and with nothing that is meant. */
const LOOKS: readonly (readonly [string, (app: TaskApp, queue: string) => Promise<unknown>])[] = [
  ['list of some', (app, queue) => app.deadLetters.list(queue, { limit: 20 })],
  ['list of one', (app, queue) => app.deadLetters.list(queue, { limit: 1 })],
  ['list of all', (app, queue) => app.deadLetters.list(queue)],
  ['list of one by its id', (app, queue) => app.deadLetters.list(queue, { filter: { ids: ['letter-17'] }, limit: 1 })],
  ['list of none', (app, queue) => app.deadLetters.list(queue, { filter: { task: 'none' } })],
  ['dry discard', (app, queue) => app.deadLetters.discard(queue, { dryRun: true })],
  ['dry discard of some', (app, queue) => app.deadLetters.discard(queue, { dryRun: true, limit: 33 })],
  ['dry replay', (app, queue) => app.deadLetters.replay(queue, { dryRun: true, filter: { ids: ['letter-3'] } })],
  ['dry staged replay', (app, queue) => app.deadLetters.replay(queue, { dryRun: true, staged: true })],
  [
    'each that is left early',
    async (app, queue) => {
      for await (const letter of app.deadLetters.each(queue)) if (letter.id === 'letter-18') break;
    },
  ],
  [
    'each that fails half-way',
    async (app, queue) => {
      const where = (letter: { readonly id: string | undefined }): boolean => {
        if (letter.id === 'letter-30') throw new Error('of the filter');
        return true;
      };
      await app.deadLetters.list(queue, { filter: { where } }).catch(() => undefined);
    },
  ],
];

/** Dead letters as an operator sees them, on whatever broker the URL names. */
export function describeDeadLetters(brokerName: string, urlOf: () => string): void {
  describe(`dead letters on ${brokerName}`, () => {
    afterEach(stopApps);

    const appWith = async (count: number, type: QueueType = 'quorum') => {
      const queue = uniqueName('letters');
      @TaskQueue(queue, { type })
      class Greetings {
        @Task({ payload: 'unchecked' })
        greet(): void {}
      }
      const app = await startApp({ url: urlOf(), tasks: [Greetings], consume: false });
      await fillLetters(
        app,
        queue,
        Array.from({ length: count }, (_, index) => ({
          id: `letter-${index}`,
          task: index % 2 === 0 ? 'even' : 'odd',
        })),
      );
      return { app, queue };
    };

    it.each(['quorum', 'classic'] as const)(
      'of a %s queue are all back, in their old order, when a call that looks resolves',
      async (type) => {
        const { app, queue } = await appWith(LETTERS, type);
        for (const [name, look] of LOOKS) {
          // Twice: a quorum queue keeps what was looked at before apart from the rest.
          for (let round = 1; round <= 2; round++) {
            await look(app, queue);
            expect([name, round, await app.deadLetters.count(queue)]).toEqual([name, round, LETTERS]);
          }
          const ids = (await app.deadLetters.list(queue)).map(({ id }) => id);
          expect([name, ids]).toEqual([name, IDS]);
        }
        await app.deadLetters.list(queue, { limit: 20 });
        expect(await app.deadLetters.discard(queue)).toEqual({ scanned: LETTERS, done: LETTERS, total: LETTERS });
        expect(await app.deadLetters.count(queue)).toBe(0);
      },
    );

    it('stay in their order and all of them when more are looked at than one consumer holds', async () => {
      const count = 1_300;
      const { app, queue } = await appWith(count);
      expect(await app.deadLetters.discard(queue, { dryRun: true, filter: { task: 'odd' } })).toEqual({
        scanned: count,
        done: count / 2,
        total: count,
      });
      expect(await app.deadLetters.count(queue)).toBe(count);
      for (let round = 0; round < 2; round++) {
        const seen: (string | undefined)[] = [];
        for await (const { id } of app.deadLetters.each(queue)) seen.push(id);
        expect(seen).toEqual(Array.from({ length: count }, (_, index) => `letter-${index}`));
      }
      expect(await app.deadLetters.discard(queue, { filter: { task: 'odd' } })).toMatchObject({ done: count / 2 });
      const left = await app.deadLetters.list(queue, { limit: count });
      expect(left.map(({ id }) => id)).toEqual(Array.from({ length: count / 2 }, (_, index) => `letter-${2 * index}`));
    });

    it('come a few at a time where they are read one by one', async () => {
      const { app, queue } = await appWith(600);
      for await (const letter of app.deadLetters.each(queue)) {
        expect(letter.id).toBe('letter-0');
        expect(await app.deadLetters.count(queue)).toBeGreaterThanOrEqual(500);
        break;
      }
    });

    it('have their payload decoded beside the body, and none where it cannot be decoded', async () => {
      const { app, queue } = await appWith(0);
      const bodies = [
        Buffer.from('{"to":"ada@example.com"}'),
        Buffer.from('nonsense'),
        Buffer.from([0x22, 0xff, 0x22]),
      ];
      for (const [index, body] of bodies.entries()) {
        await app.broker.publisher.publish({
          exchange: 'warren.dead',
          routingKey: queue,
          body,
          properties: { messageId: `letter-${index}` },
        });
      }
      await eventually(
        'the letters',
        () => app.deadLetters.count(queue),
        (count) => count === bodies.length,
      );
      const letters = await app.deadLetters.list(queue);
      expect(letters.map(({ payload }) => payload)).toEqual([{ to: 'ada@example.com' }, undefined, undefined]);
      expect(letters.map(({ body }) => body)).toEqual(bodies);
    });

    it('have the body as it was sent, byte for byte, after a delay, a retry and a replay', async () => {
      const queue = uniqueName('bodies');
      @TaskQueue(queue, { maxAttempts: 2, backoff: fixed('125ms') })
      class Bodies {
        @Task({ payload: 'unchecked' })
        take(): void {
          throw new Error('broken');
        }
      }
      const app = await startApp({ url: urlOf(), tasks: [Bodies] });
      const bodies = [
        '{"orderId":9007199254740993,  "price" : 1.0, "n":[1e2,-0,0.30000000000000004000], "s":"\\u0041\\/"}',
        'no JSON at all',
      ];
      const waiting = async () => (await app.deadLetters.count(queue)) === bodies.length;
      for (const body of bodies) {
        const properties = { type: `${queue}.take`, contentType: 'application/json' };
        await app.broker.publisher.publish({ exchange: '', routingKey: queue, body: Buffer.from(body), properties });
      }
      await eventually('the letters', waiting, Boolean);
      await app.deadLetters.replay(queue);
      await eventually('the letters again', waiting, Boolean);
      const letters = await app.deadLetters.list(queue);
      expect(letters.map(({ body, replays }) => [String(body), replays]).sort()).toEqual(
        bodies.map((body) => [body, 1]).sort(),
      );
    });

    describe.each([
      ['directly', {}],
      ['through the queue in between', { staged: true }],
    ] as const)('that are replayed %s', (_how, how: ReplayOptions) => {
      it.each([
        [1, undefined, 1],
        [4, undefined, 4],
        [5, undefined, 5],
        [6, undefined, 5],
        [undefined, undefined, 5],
        [1, { task: 'even' }, 1],
        [2, { task: 'even' }, 2],
        [9, { task: 'even' }, 3],
        [1, { task: 'none' }, 0],
        [1, { ids: [] }, 0],
      ] as readonly [number | undefined, DeadLetterFilter | undefined, number][])(
        'are as many as the limit and the filter let through: limit %s, filter %j',
        async (limit, filter, expected) => {
          const { app, queue } = await appWith(5);
          const options = { ...how, ...(limit && { limit }), ...(filter && { filter }) };
          expect(await app.deadLetters.replay(queue, options)).toMatchObject({ done: expected });
          expect((await drainIds(app, queue, expected)).size).toBe(expected);
          expect(await app.deadLetters.count(queue)).toBe(5 - expected);
        },
      );

      it('stay where they are where the one who edits gives nothing, or no payload', async () => {
        const { app, queue } = await appWith(3);
        expect(await app.deadLetters.replay(queue, { ...how, edit: async () => undefined })).toMatchObject({ done: 0 });
        const edit = (async () => 'text') as unknown as NonNullable<ReplayOptions['edit']>;
        await expect(app.deadLetters.replay(queue, { ...how, edit })).rejects.toMatchObject({
          code: 'INVALID_OPTIONS',
          message: expect.stringContaining('edit must give a Buffer'),
        });
        expect((await app.deadLetters.list(queue)).map(({ id }) => id)).toEqual(IDS.slice(0, 3));
      });
    });

    it('are left alone when a condition answers with a promise, which would mean every letter', async () => {
      const { app, queue } = await appWith(3);
      const where = (async () => false) as unknown as NonNullable<DeadLetterFilter['where']>;
      await expect(app.deadLetters.discard(queue, { filter: { where } })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('filter.where'),
      });
      expect(await app.deadLetters.count(queue)).toBe(3);
    });

    it('are left alone by a call whose options are wrong', async () => {
      const { app, queue } = await appWith(2);
      const discard = (options: object) => app.deadLetters.discard(queue, options);
      for (const options of [{ limit: 0 }, { dryrun: true }, { filter: { tasks: 'x' } }, { filter: undefined }]) {
        await expect(discard(options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
      }
      await expect(app.deadLetters.replay(queue, { ratePerSecond: 0 })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      });
      expect(await app.deadLetters.count(queue)).toBe(2);
    });
  });
}

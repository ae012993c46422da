import type { Broker } from '../../../src/broker/broker';
import { PublishRefusedError, UnroutableError } from '../../../src/errors/enqueue-errors';
import { migrateLadder, unplannedLadderExchanges } from '../../../src/migration/migrate-ladder';
import { DELAY_LEVELS, route } from '../../../src/topology/ladder';
import { DELAY_UNROUTED, delayLevelName } from '../../../src/topology/names';
import { planTopology } from '../../../src/topology/plan';
import type { Topology } from '../../../src/topology/topology';
import { bounded, eventually } from '../../support/bounded';
import { homeQueue } from '../../unit/topology/home-queue';
import { consume, textOf } from '../broker/inbox';

/** Two tries of a level that could not pass a message on, and a busy machine. */
const PATIENCE_MS = 60_000;
/** More than the broker moves at a time. */
const JAM = 40;
const HOME = 'emails';
/** All that the suite declares. */
export const LADDER_PLAN = planTopology({ queues: [homeQueue(HOME)] });
const LEVELS = Array.from({ length: DELAY_LEVELS }, (_, level) => level);

/** A key with this many bits. */
const bits = (count: number): string => '0.'.repeat(count);

/** Keys that no binding of a level takes, or none of a level below it. */
function misfits(level: number): readonly string[] {
  const above = bits(DELAY_LEVELS - 1 - level);
  return [
    '',
    HOME,
    delayLevelName(level),
    // Too few bits; a digit that is none, here and below; too many bits.
    `${above}${HOME}`,
    `${above}2.${HOME}`,
    `${above}${bits(level)}2.${HOME}`,
    `${bits(DELAY_LEVELS)}0.${HOME}`,
  ];
}

/** The plan as versions declared it that gave the levels no alternate exchange. */
function formerPlan(plan: Topology): Topology {
  const isLevel = (name: string): boolean => LEVELS.some((level) => delayLevelName(level) === name);
  return {
    ...plan,
    exchanges: plan.exchanges.map((spec) => (isLevel(spec.name) ? { ...spec, arguments: {} } : spec)),
  };
}

/** The delay ladder of a virtual host that has nothing else. */
export function describeLadder(
  name: string,
  open: () => Promise<{ broker: Broker; dispose: () => Promise<void> }>,
): void {
  describe(`the delay ladder on ${name}`, () => {
    const plan = LADDER_PLAN;
    let broker: Broker;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ broker, dispose } = await open());
    }, 60_000);
    afterEach(() => dispose(), 60_000);

    const publish = (exchange: string, routingKey: string, text = 'x') =>
      broker.publisher.publish({ exchange, routingKey, body: Buffer.from(text), properties: { messageId: text } });
    const delayed = (text: string, delayMs: number) => {
      const { exchange, routingKey } = route(HOME, delayMs, 'exact');
      return publish(exchange, routingKey, text);
    };
    /** As a caller would: in the milliseconds in which an exchange is away, or has lost its bindings, nothing can be published to it. */
    const untilTaken = async (send: () => Promise<void>): Promise<void> => {
      for (;;) {
        try {
          return await send();
        } catch (error) {
          if (!(error instanceof PublishRefusedError || error instanceof UnroutableError)) throw error;
        }
      }
    };
    const ready = (queue: string, count: number) =>
      eventually(
        `${count} in ${queue}`,
        () => broker.countReady(queue),
        (found) => found === count,
        PATIENCE_MS,
      );

    it('parks a message at once that no level takes, whichever level it comes to', async () => {
      await broker.applyTopology(plan, 'assert');
      const sent = LEVELS.flatMap((level) => misfits(level).map((key) => ({ level, key })));
      await Promise.all(sent.map(({ level, key }) => publish(delayLevelName(level), key)));
      await ready(DELAY_UNROUTED, sent.length);
      expect(await broker.countReady(HOME)).toBe(0);
    }, 120_000);

    it('gives a delayed task back to its sender where the queue of its level is missing', async () => {
      const gone = delayLevelName(3);
      await broker.declare({
        ...plan,
        queues: plan.queues.filter(({ name: queue }) => queue !== gone),
        bindings: plan.bindings.filter(
          ({ destination, destinationType }) => destinationType !== 'queue' || destination !== gone,
        ),
      });
      await expect(delayed('comes back', 8 * 125)).rejects.toThrow(UnroutableError);
      expect(await broker.countReady(DELAY_UNROUTED)).toBe(0);
      await broker.applyTopology(plan, 'assert');
      await delayed('waits', 8 * 125);
      const { inbox } = await consume(broker, HOME);
      expect(textOf(await inbox.take())).toBe('waits');
    }, 60_000);

    it('parks what was sent to the queue of a level by its name, and delayed tasks pass it', async () => {
      await broker.applyTopology(plan, 'assert');
      const levels = [0, 1, 2, 3];
      for (const level of levels) {
        for (let count = 0; count < JAM; count++) await publish('', delayLevelName(level));
      }
      // 15 units: through all four of them.
      await delayed('after', 15 * 125);
      const { inbox } = await consume(broker, HOME);
      expect(textOf(await inbox.take())).toBe('after');
      await ready(DELAY_UNROUTED, levels.length * JAM);
    }, 120_000);

    describe('that an earlier version has declared', () => {
      beforeEach(() => broker.declare(formerPlan(plan)), 60_000);

      it('is accepted at the start, and every level is reported', async () => {
        await broker.applyTopology(plan, 'assert');
        expect((await unplannedLadderExchanges(broker)).map(({ kind, name }) => [kind, name])).toEqual(
          LEVELS.map((level) => ['different', delayLevelName(level)]),
        );
        const { inbox } = await consume(broker, HOME);
        await delayed('still works', 125);
        expect(textOf(await inbox.take())).toBe('still works');
      }, 60_000);

      it('still starts as the earlier version would start', async () => {
        await broker.applyTopology(plan, 'assert');
        await broker.applyTopology(formerPlan(plan), 'assert');
      }, 60_000);

      it('gets its alternate exchanges while delayed tasks go on, each of which arrives once', async () => {
        const { inbox } = await consume(broker, HOME, 1_000);
        const texts = Array.from({ length: 300 }, (_, index) => String(index));
        const sending = (async () => {
          for (const [index, text] of texts.entries()) await untilTaken(() => delayed(text, ((index % 16) + 1) * 125));
        })();
        const replaced: string[] = [];
        const result = await migrateLadder({ broker, onReplaced: (exchange) => replaced.push(exchange) });
        expect(result).toMatchObject({ kind: 'done', replaced });
        expect(replaced).toEqual(LEVELS.map(delayLevelName));
        await bounded('the sender', sending, PATIENCE_MS);
        // What came to a level between its declaration and its bindings is parked: a second run finds it all.
        await eventually(
          'every delayed task',
          async () => {
            await migrateLadder({ broker });
            return new Set(inbox.bodies).size;
          },
          (count) => count === texts.length,
          PATIENCE_MS,
        );
        expect([...inbox.bodies].sort()).toEqual([...texts].sort());
        expect(await unplannedLadderExchanges(broker)).toEqual([]);
        expect(await broker.countReady(DELAY_UNROUTED)).toBe(0);
      }, 180_000);

      it('is freed of messages that could not leave a level', async () => {
        for (let count = 0; count < JAM; count++) await publish('', delayLevelName(2));
        await ready(delayLevelName(2), 0);
        await delayed('behind the jam', 500);
        await migrateLadder({ broker });
        const { inbox } = await consume(broker, HOME);
        expect(textOf(await inbox.take())).toBe('behind the jam');
        await ready(DELAY_UNROUTED, JAM);
      }, 180_000);
    });

    it('is completed where a migration was killed halfway', async () => {
      const half = formerPlan(plan);
      const gone = new Set([5, 6, 30].map(delayLevelName));
      await broker.declare({
        ...half,
        exchanges: half.exchanges.filter(({ name: exchange }) => !gone.has(exchange)),
        bindings: half.bindings.filter(({ source, destination }) => !gone.has(source) && !gone.has(destination)),
      });
      await migrateLadder({ broker });
      expect(await unplannedLadderExchanges(broker)).toEqual([]);
      for (const level of LEVELS) await publish(delayLevelName(level), `${bits(DELAY_LEVELS)}${HOME}`);
      await ready(HOME, DELAY_LEVELS);
    }, 60_000);

    it('takes parked messages back whose home queue exists, and leaves the others', async () => {
      await broker.applyTopology(plan, 'assert');
      const key = (queue: string) => route(queue, 125, 'exact').routingKey;
      await publish(DELAY_UNROUTED, key(HOME), 'comes home');
      await publish(DELAY_UNROUTED, key('gone'), 'stays');
      await publish(DELAY_UNROUTED, HOME, 'fits nothing');
      await publish(DELAY_UNROUTED, key(delayLevelName(3)), 'aims at a level');
      expect(await migrateLadder({ broker })).toEqual({ kind: 'done', replaced: [], returned: 1 });
      const { inbox } = await consume(broker, HOME);
      expect(textOf(await inbox.take())).toBe('comes home');
      await ready(DELAY_UNROUTED, 3);
    }, 60_000);
  });
}

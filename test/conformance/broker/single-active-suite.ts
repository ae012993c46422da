import { consume } from './inbox';
import type { SuiteContext } from './suite-context';

/** A queue with `x-single-active-consumer`: whoever leads something is served from one. */
export function describeSingleActiveConsumers(context: SuiteContext): void {
  describe('a queue with a single active consumer', () => {
    const queue = (): Promise<string> =>
      context.queue({ 'x-single-active-consumer': true, 'x-delivery-limit': 1_000_000 });

    it('serves the first one alone, though it is busy', async () => {
      const name = await queue();
      const first = await context.consume(name, 2);
      const second = await consume(await context.under.connect(), name);
      for (const letter of ['a', 'b', 'c']) await context.publish(name, letter);
      await first.inbox.takeMany(2);
      await context.readyBecomes(name, 1);
      expect(first.inbox.bodies).toEqual(['a', 'b']);
      expect(second.inbox.bodies).toEqual([]);
    });

    it('serves the next one when that is gone: first what it had not settled', async () => {
      const name = await queue();
      const broker = await context.under.connect();
      const first = await consume(broker, name);
      const second = await context.consume(name);
      const third = await context.consume(name);
      for (const letter of ['a', 'b', 'c']) await context.publish(name, letter);
      const [, b] = await first.inbox.takeMany(3);
      b?.ack();
      await broker.close();
      await second.inbox.takeMany(2);
      await context.publish(name, 'd');
      const again = await second.inbox.take();
      expect(second.inbox.bodies).toEqual(['a', 'c', 'd']);
      expect(again.redelivered).toBe(false);
      expect(third.inbox.bodies).toEqual([]);
    });

    it('gives one consumer what it published itself', async () => {
      const name = await queue();
      const { inbox } = await context.consume(name);
      await context.publish(name, 'first');
      const first = await inbox.take();
      await context.publish(name, 'second');
      expect((await inbox.take()).body.toString()).toBe('second');
      expect(first.ack()).toBe(true);
    });
  });

  describe('a queue of one message', () => {
    it('keeps the latest, also beside one that is looked at', async () => {
      const name = await context.queue({ 'x-max-length': 1, 'x-overflow': 'drop-head', 'x-delivery-limit': 1_000_000 });
      for (const letter of ['a', 'b']) await context.publish(name, letter);
      await context.readyBecomes(name, 1);
      const reader = await context.broker.openReader(name);
      const looked = await reader.next();
      expect(looked?.body.toString()).toBe('b');
      await context.publish(name, 'c');
      looked?.requeue();
      await reader.close();
      await context.readyBecomes(name, 1);
      const { inbox } = await context.consume(name);
      expect((await inbox.take()).body.toString()).toBe('c');
    });
  });
}

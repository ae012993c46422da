import type { SuiteContext } from './suite-context';
import { classicQueue, exchange, quorumQueue, toQueue } from './topologies';

export function describePriorities(context: SuiteContext): void {
  describe('priorities', () => {
    const publishAll = async (queue: string, priorities: readonly (number | undefined)[]): Promise<void> => {
      for (const priority of priorities) await context.publish(queue, String(priority), { priority });
      await context.readyBecomes(queue, priorities.length);
    };

    const orderOf = async (queue: string, count: number): Promise<readonly string[]> => {
      const { inbox } = await context.consume(queue, 1);
      for (let taken = 0; taken < count; taken++) (await inbox.take()).ack();
      return inbox.bodies;
    };

    it('order a quorum queue where it has them, 4 where none is named', async () => {
      const queue = await context.queue();
      const published = [0, 3, undefined, 9, 4, 255, 31, 5];
      await publishAll(queue, published);
      const order = await orderOf(queue, published.length);
      const orders = {
        strict: ['255', '31', '9', '5', 'undefined', '4', '3', '0'],
        two: ['9', '255', '0', '31', '5', '3', 'undefined', '4'],
        none: published.map(String),
      };
      expect(order).toEqual(orders[context.capabilities.quorumPriorities]);
    });

    it('order a classic queue that asked for them, 0 where none is named', async () => {
      const queue = context.name('classic');
      await context.declare({ queues: [classicQueue(queue, { 'x-max-priority': 5 })] });
      await publishAll(queue, [1, undefined, 9, 5, 0, 2]);
      expect(await orderOf(queue, 6)).toEqual(['9', '5', '2', '1', 'undefined', '0']);
    });

    it('mean nothing to a classic queue that did not ask', async () => {
      const queue = context.name('classic');
      await context.declare({ queues: [classicQueue(queue)] });
      await publishAll(queue, [1, 9, 0]);
      expect(await orderOf(queue, 3)).toEqual(['1', '9', '0']);
    });

    it('let a message expire before a longer-lived one of another priority, where the broker looks at each', async () => {
      const [work, dead, dlx] = [context.name('work'), context.name('dead'), context.name('dlx')];
      await context.declare({
        exchanges: [exchange(dlx, 'fanout')],
        queues: [quorumQueue(work, { 'x-dead-letter-exchange': dlx }), quorumQueue(dead)],
        bindings: [toQueue(dlx, dead)],
      });
      const { inbox } = await context.consume(dead);
      await context.publish(work, 'long', { priority: 31, expiration: '800' });
      await context.publish(work, 'short', { priority: 0, expiration: '100' });
      await inbox.takeMany(2);
      expect(inbox.bodies).toEqual(context.capabilities.expiresPerPriority ? ['short', 'long'] : ['long', 'short']);
    });
  });
}

import { textOf } from './inbox';
import type { SuiteContext } from './suite-context';
import { exchange, quorumQueue, toQueue } from './topologies';

export function describeReturns(context: SuiteContext): void {
  describe('returning a message', () => {
    const workWithDeadLetters = async (
      deliveryLimit: number,
    ): Promise<{ readonly work: string; readonly dead: string }> => {
      const [work, dead, dlx] = [context.name('work'), context.name('dead'), context.name('dlx')];
      await context.declare({
        exchanges: [exchange(dlx, 'direct')],
        queues: [
          quorumQueue(work, { 'x-dead-letter-exchange': dlx, 'x-delivery-limit': deliveryLimit }),
          quorumQueue(dead),
        ],
        bindings: [toQueue(dlx, dead, work)],
      });
      return { work, dead };
    };

    it('brings it back, marked as redelivered, before those that have not been out', async () => {
      // With a delivery limit, as Warren's queues have: without one, 3.10 puts what is requeued at the end.
      const queue = await context.queue({ 'x-delivery-limit': 20 });
      for (const letter of ['a', 'b', 'c', 'd']) await context.publish(queue, letter);
      const { inbox } = await context.consume(queue, 2);
      const [first] = await inbox.takeMany(2);
      expect(first?.requeue()).toBe(true);
      const again = await inbox.take();
      expect(textOf(again)).toBe('a');
      expect(again.redelivered).toBe(true);
    });

    it('keeps the order of several that are requeued', async () => {
      const queue = await context.queue();
      for (const letter of ['a', 'b', 'c']) await context.publish(queue, letter);
      const { inbox, subscription } = await context.consume(queue, 3);
      const deliveries = await inbox.takeMany(3);
      await subscription.cancel();
      for (const delivery of deliveries) delivery.requeue();
      await context.readyBecomes(queue, 3);
      const next = await context.consume(queue, 3);
      await next.inbox.takeMany(3);
      expect(next.inbox.bodies).toEqual(['a', 'b', 'c']);
    });

    it('brings back what was unsettled when the subscription closed, in order, counted as failed', async () => {
      const queue = await context.queue();
      for (const letter of ['a', 'b', 'c']) await context.publish(queue, letter);
      const { inbox, subscription } = await context.consume(queue, 3);
      const [, second, third] = await inbox.takeMany(3);
      second?.ack();
      await subscription.close();
      expect(subscription.state).toBe('closed');
      expect([third?.live, third?.ack()]).toEqual([false, false]);
      const next = await context.consume(queue, 3);
      const again = await next.inbox.takeMany(2);
      expect(next.inbox.bodies).toEqual(['a', 'c']);
      expect(again.map(({ redelivered, deliveryCount }) => ({ redelivered, deliveryCount }))).toEqual([
        { redelivered: true, deliveryCount: 1 },
        { redelivered: true, deliveryCount: 1 },
      ]);
    });

    it('gives a message up that failed more often than the delivery limit', async () => {
      const { work, dead } = await workWithDeadLetters(2);
      await context.publish(work, 'poison', { messageId: 'p' });
      for (let failures = 0; failures <= 2; failures++) {
        const { inbox, subscription } = await context.consume(work, 1);
        expect((await inbox.take()).deliveryCount).toBe(failures);
        await subscription.close();
      }
      const { inbox } = await context.consume(dead);
      const letter = await inbox.take();
      expect(letter.properties.messageId).toBe('p');
      expect(letter.properties.headers?.['x-first-death-reason']).toBe('delivery_limit');
      await context.readyBecomes(work, 0);
    });

    it('counts a requeue to the delivery limit only where the broker cannot tell it from a failure', async () => {
      const { work, dead } = await workWithDeadLetters(2);
      await context.publish(work, 'a');
      const { inbox } = await context.consume(work, 1);
      const { requeueIsFree } = context.capabilities;
      const counts: number[] = [];
      for (let round = 0; round < (requeueIsFree ? 6 : 3); round++) {
        const delivery = await inbox.take();
        counts.push(delivery.deliveryCount);
        delivery.requeue();
      }
      expect(counts).toEqual(requeueIsFree ? [0, 0, 0, 0, 0, 0] : [0, 1, 2]);
      if (requeueIsFree) expect((await inbox.take()).redelivered).toBe(true);
      await context.readyBecomes(dead, requeueIsFree ? 0 : 1);
    });
  });
}

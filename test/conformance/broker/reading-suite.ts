import type { Delivery, QueueReader } from '../../../src/broker/broker';
import { QueueMissingError } from '../../../src/errors/broker-errors';
import { textOf } from './inbox';
import type { SuiteContext } from './suite-context';

export function describeReading(context: SuiteContext): void {
  describe('reading a queue', () => {
    const next = async (reader: QueueReader): Promise<Delivery> => {
      const delivery = await reader.next();
      if (delivery === undefined) throw new Error('the queue is empty');
      return delivery;
    };

    const filled = async (...bodies: readonly string[]): Promise<string> => {
      // With a delivery limit, as Warren's queues have: without one, 3.10 puts what is requeued at the end.
      const queue = await context.queue({ 'x-delivery-limit': 20 });
      for (const body of bodies) await context.publish(queue, body, { messageId: body });
      await context.readyBecomes(queue, bodies.length);
      return queue;
    };

    it('gives one message after the other, then none', async () => {
      const queue = await filled('a', 'b');
      const reader = await context.broker.openReader(queue);
      expect(await next(reader)).toMatchObject({
        queue,
        routingKey: queue,
        properties: { messageId: 'a' },
        redelivered: false,
      });
      expect(textOf(await next(reader))).toBe('b');
      expect(await reader.next()).toBeUndefined();
      await context.publish(queue, 'c');
      await context.readyBecomes(queue, 1);
      expect(textOf(await next(reader))).toBe('c');
    });

    it('removes what was acknowledged and puts back the rest when it closes, in order', async () => {
      const queue = await filled('a', 'b', 'c', 'd');
      const reader = await context.broker.openReader(queue);
      await next(reader);
      expect((await next(reader)).ack()).toBe(true);
      const third = await next(reader);
      await context.readyBecomes(queue, 1);
      await reader.close();
      await reader.close();
      expect([third.live, third.ack()]).toEqual([false, false]);
      await context.readyBecomes(queue, 3);
      const again = await context.broker.openReader(queue);
      const bodies = [await next(again), await next(again), await next(again)].map(textOf);
      expect(bodies).toEqual(['a', 'c', 'd']);
    });

    it('requeues and rejects', async () => {
      const queue = await filled('a', 'b');
      const reader = await context.broker.openReader(queue);
      const first = await next(reader);
      expect([first.requeue(), first.requeue()]).toEqual([true, false]);
      await context.readyBecomes(queue, 2);
      const again = await next(reader);
      expect([textOf(again), again.redelivered]).toEqual(['a', true]);
      expect(again.reject()).toBe(true);
      expect(textOf(await next(reader))).toBe('b');
      expect(await reader.next()).toBeUndefined();
    });

    it('counts what was left unsettled as a failed delivery', async () => {
      const queue = await filled('a');
      const reader = await context.broker.openReader(queue);
      expect((await next(reader)).deliveryCount).toBe(0);
      await reader.close();
      await context.readyBecomes(queue, 1);
      const again = await context.broker.openReader(queue);
      expect(await next(again)).toMatchObject({ redelivered: true, deliveryCount: 1 });
    });

    it('fails after close', async () => {
      const reader = await context.broker.openReader(await filled('a'));
      await reader.close();
      await expect(reader.next()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    });

    it('fails for a queue that does not exist', async () => {
      await expect(context.broker.openReader(context.name('missing'))).rejects.toThrow(QueueMissingError);
    });

    it('counts what is ready, and knows when there is no queue', async () => {
      const queue = await filled('a', 'b', 'c');
      const { inbox } = await context.consume(queue, 2);
      await inbox.takeMany(2);
      await context.readyBecomes(queue, 1);
      expect(await context.broker.countReady(context.name('missing'))).toBeUndefined();
      expect(await context.broker.countReady(queue)).toBe(1);
    });
  });
}

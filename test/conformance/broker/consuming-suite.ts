import type { Delivery, SubscriptionState } from '../../../src/broker/broker';
import { QueueMissingError } from '../../../src/errors/broker-errors';
import { bounded, eventually } from '../../support/bounded';
import { consume, Inbox } from './inbox';
import type { SuiteContext } from './suite-context';
import { quorumQueue, topology } from './topologies';

const letters = ['a', 'b', 'c', 'd', 'e', 'f'];

export function describeConsuming(context: SuiteContext): void {
  describe('consuming', () => {
    it('delivers in the order of publishing', async () => {
      const queue = await context.queue();
      for (const letter of letters) await context.publish(queue, letter);
      const { inbox } = await context.consume(queue);
      await inbox.takeMany(letters.length);
      expect(inbox.bodies).toEqual(letters);
    });

    it.each([100_000 / 3, 0.5, 7 * 86_400_000 + 0.25, Number.POSITIVE_INFINITY])(
      'may leave a delivery out for %p ms, whatever number that is',
      async (ackTimeoutMs) => {
        const queue = await context.queue();
        const inbox = new Inbox();
        await context.broker.subscribe({ queue, prefetch: 1, ackTimeoutMs, onDelivery: inbox.onDelivery });
        await context.publish(queue, 'a');
        (await inbox.take()).ack();
      },
    );

    it('never calls back before the call that caused it has returned', async () => {
      const queue = await context.queue();
      await context.publish(queue, 'a');
      const calls: string[] = [];
      const inbox = new Inbox();
      const onDelivery = (delivery: Delivery): void => {
        calls.push('delivered');
        inbox.onDelivery(delivery);
      };
      const subscribing = context.broker.subscribe({ queue, prefetch: 1, onDelivery });
      calls.push('subscribing');
      await subscribing;
      const first = await inbox.take();
      first.requeue();
      calls.push('requeued');
      await inbox.take();
      expect(calls).toEqual(['subscribing', 'delivered', 'requeued', 'delivered']);
    });

    it('leaves no more than the prefetch unsettled, and goes on when one is settled', async () => {
      const queue = await context.queue();
      for (const letter of letters) await context.publish(queue, letter);
      const { inbox } = await context.consume(queue, 2);
      const [first] = await inbox.takeMany(2);
      await context.readyBecomes(queue, 4);
      expect(inbox.bodies).toEqual(['a', 'b']);
      first?.ack();
      await inbox.take();
      await context.readyBecomes(queue, 3);
      expect(inbox.bodies).toEqual(['a', 'b', 'c']);
    });

    it('counts the prefetch for each subscription by itself', async () => {
      const queue = await context.queue();
      const one = await context.consume(queue, 1);
      const two = await context.consume(queue, 2);
      for (const letter of letters) await context.publish(queue, letter);
      await one.inbox.take();
      await two.inbox.takeMany(2);
      await context.readyBecomes(queue, 3);
      expect([...one.inbox.bodies, ...two.inbox.bodies].sort()).toEqual(['a', 'b', 'c']);
    });

    it('shares the work among subscriptions of several connections', async () => {
      const queue = await context.queue();
      const other = await context.under.connect();
      const here = await context.consume(queue);
      const there = await consume(other, queue);
      for (const letter of letters) await context.publish(queue, letter);
      await here.inbox.takeMany(3);
      await there.inbox.takeMany(3);
      expect([...here.inbox.bodies, ...there.inbox.bodies].sort()).toEqual(letters);
    });

    it('does nothing when a delivery is settled again', async () => {
      const queue = await context.queue();
      const { inbox } = await context.consume(queue, 1);
      await context.publish(queue, 'a');
      await context.publish(queue, 'b');
      const first = await inbox.take();
      expect(first.ack()).toBe(true);
      expect([first.ack(), first.requeue(), first.reject()]).toEqual([false, false, false]);
      const second = await inbox.take();
      expect(second.body.toString()).toBe('b');
      expect([second.requeue(), second.ack()]).toEqual([true, false]);
      expect((await inbox.take()).body.toString()).toBe('b');
    });

    it('delivers nothing after cancel, and still settles what came before', async () => {
      const queue = await context.queue();
      const { inbox, subscription } = await context.consume(queue, 2);
      await context.publish(queue, 'a');
      await context.publish(queue, 'b');
      const [first, second] = await inbox.takeMany(2);
      await subscription.cancel();
      await subscription.cancel();
      expect(subscription.state).toBe('cancelled');
      await context.publish(queue, 'c');
      expect([first?.live, first?.ack(), second?.requeue()]).toEqual([true, true, true]);
      await context.readyBecomes(queue, 2);
      await subscription.close();
      await context.readyBecomes(queue, 2);
      expect(inbox.bodies).toEqual(['a', 'b']);
    });

    it('fails for a queue that does not exist, and leaves other subscriptions alone', async () => {
      const queue = await context.queue();
      const { inbox } = await context.consume(queue);
      await expect(context.consume(context.name('missing'))).rejects.toThrow(QueueMissingError);
      await context.publish(queue, 'a');
      expect((await inbox.take()).ack()).toBe(true);
    });

    it('comes back by itself when its queue was deleted', async () => {
      const states: SubscriptionState[] = [];
      const broker = await context.under.connect({ onSubscription: (_queue, state) => states.push(state) });
      const queue = context.name('queue');
      await broker.applyTopology(topology({ queues: [quorumQueue(queue)] }), 'assert');
      const { inbox, subscription } = await consume(broker, queue);
      expect(subscription.state).toBe('consuming');
      await context.under.deleteQueue(queue);
      await eventually(
        'the consumer to come back',
        () => states,
        // While it recovers, each other reason is told, too: a queue that is still being deleted has more than one.
        (seen) => /^consuming(,recovering)+,consuming$/.test(seen.join()),
      );
      const told = states.length;
      await context.publish(queue, 'after');
      expect((await inbox.take()).body.toString()).toBe('after');
      await subscription.close();
      expect(states.slice(told)).toEqual(['cancelled', 'closed']);
    });

    it('closes within bounds, twice, and with its broker', async () => {
      const queue = await context.queue();
      const broker = await context.under.connect();
      const { inbox, subscription } = await consume(broker, queue);
      await context.publish(queue, 'a');
      const delivery = await inbox.take();
      await bounded('close', broker.close());
      await subscription.close();
      expect(subscription.state).toBe('closed');
      expect([delivery.live, delivery.ack()]).toEqual([false, false]);
      await context.readyBecomes(queue, 1);
    });
  });
}

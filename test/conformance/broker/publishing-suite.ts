import {
  ConnectionClosedError,
  NackedError,
  PublishRefusedError,
  UnroutableError,
} from '../../../src/errors/enqueue-errors';
import type { MessageProperties } from '../../../src/message/wire';
import { bounded } from '../../support/bounded';
import type { SuiteContext } from './suite-context';
import { exchange, quorumQueue, toExchange, toQueue } from './topologies';

export function describePublishing(context: SuiteContext): void {
  describe('publishing', () => {
    it('resolves when a queue has the message', async () => {
      const queue = await context.queue();
      await context.publish(queue, 'a');
      await context.readyBecomes(queue, 1);
    });

    it('rejects what the default exchange has no queue for', async () => {
      const routingKey = context.name('nobody');
      const error = await context.publish(routingKey, 'a', { messageId: 'm-1' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UnroutableError);
      expect(error).toMatchObject({ target: { exchange: '', routingKey, messageId: 'm-1' }, replyText: 'NO_ROUTE' });
    });

    it('looks for the queue that a message must reach later, and sends nothing where there is none', async () => {
      const queue = await context.queue();
      const routingKey = await context.queue();
      const missing = context.name('nobody');
      const { publisher } = context.broker;
      const message = { exchange: '', routingKey, body: Buffer.from('a'), properties: { messageId: 'm-1' } };
      const send = (requiredQueue: string) => bounded('the end', publisher.publish(message, { requiredQueue }));
      await expect(send(missing)).rejects.toMatchObject({
        code: 'UNROUTABLE',
        replyText: 'NO_QUEUE',
        target: { exchange: '', routingKey: missing, messageId: 'm-1' },
      });
      await send(queue);
      await send(queue);
      await context.readyBecomes(routingKey, 2);
    });

    it('rejects what an exchange has no binding for', async () => {
      const topic = context.name('topic');
      await context.declare({ exchanges: [exchange(topic, 'topic')] });
      await expect(context.publish('a.b', 'a', {}, topic)).rejects.toThrow(UnroutableError);
    });

    it('rejects only the message whose exchange is missing, not those in flight beside it', async () => {
      const queue = context.name('queue');
      const direct = context.name('direct');
      const missing = context.name('missing');
      await context.declare({
        exchanges: [exchange(direct, 'direct')],
        queues: [quorumQueue(queue)],
        bindings: [toQueue(direct, queue, 'key')],
      });
      const { inbox } = await context.consume(queue, 100);
      const others = Array.from({ length: 20 }, (_, i) => `m-${i}`);
      const sent = others.map((messageId, i) =>
        i % 2 === 0
          ? context.publish('key', messageId, { messageId }, direct)
          : context.publish(queue, messageId, { messageId }),
      );
      const lost = context.publish('key', 'lost', { messageId: 'lost' }, missing);
      const results = await Promise.allSettled([...sent, lost]);
      const [failure, ...moreFailures] = results.filter((result) => result.status === 'rejected');
      expect(moreFailures).toEqual([]);
      expect(failure?.reason).toBeInstanceOf(PublishRefusedError);
      expect(failure?.reason).toMatchObject({ replyCode: 404, target: { exchange: missing, messageId: 'lost' } });
      // Sent again after the channel was closed, a message may come twice.
      const seen = new Set<string>();
      while (seen.size < others.length) seen.add((await inbox.take()).body.toString());
      expect([...seen].sort()).toEqual([...others].sort());
    });

    it.each<[string, number, MessageProperties]>([
      ['a time to live that is none', 406, { expiration: 'soon' }],
      ['a negative time to live', 406, { expiration: '-5' }],
      ['the name of another user', 406, { userId: 'somebody-else' }],
      ['a header of a type that AMQP does not have', 0, { headers: { amount: 3n } }],
      ['headers of more than 64 KiB', 0, { headers: { large: 'x'.repeat(70_000) } }],
      ['a message id of more than 255 bytes', 0, { messageId: 'x'.repeat(256) }],
    ])('rejects only the message that has %s', async (_what, replyCode, properties) => {
      const queue = await context.queue();
      const sent = [
        context.publish(queue, 'before'),
        context.publish(queue, 'refused', properties),
        context.publish(queue, 'after'),
      ];
      const [before, refused, after] = await Promise.allSettled(sent);
      expect([before?.status, after?.status]).toEqual(['fulfilled', 'fulfilled']);
      expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'PUBLISH_REFUSED', replyCode } });
      const { inbox } = await context.consume(queue);
      const seen = new Set<string>();
      while (seen.size < 2) seen.add((await inbox.take()).body.toString());
      expect([...seen].sort()).toEqual(['after', 'before']);
    });

    it('rejects what a full queue refuses, and publishes again when there is room', async () => {
      const queue = await context.queue({ 'x-max-length': 2, 'x-overflow': 'reject-publish' });
      let stored = 0;
      let error: unknown;
      // The limit is a soft one: a quorum queue takes a few more before it tells its publishers.
      for (; error === undefined && stored < 50; stored++)
        error = await context.publish(queue, 'a').catch((thrown) => thrown);
      expect(error).toBeInstanceOf(NackedError);
      expect(stored).toBeGreaterThan(2);
      const { inbox } = await context.consume(queue);
      for (let taken = 1; taken < stored; taken++) (await inbox.take()).ack();
      await publishUntilTaken(context, queue);
      expect((await inbox.take()).body.toString()).toBe('room again');
    });

    it('drops the oldest message of a full queue that was not told to refuse', async () => {
      const queue = await context.queue({ 'x-max-length': 2 });
      for (const body of ['a', 'b', 'c']) await context.publish(queue, body);
      await context.readyBecomes(queue, 2);
      const { inbox } = await context.consume(queue);
      await inbox.takeMany(2);
      expect(inbox.bodies).toEqual(['b', 'c']);
    });

    it('rejects after close', async () => {
      const queue = await context.queue();
      await context.broker.close();
      await context.broker.close();
      await expect(context.publish(queue)).rejects.toThrow(ConnectionClosedError);
    });
  });

  describe('routing', () => {
    it('follows the bindings of topic, direct and fanout exchanges', async () => {
      const [topic, direct, fanout] = [context.name('topic'), context.name('direct'), context.name('fanout')];
      const [all, eu, one] = [context.name('all'), context.name('eu'), context.name('one')];
      await context.declare({
        exchanges: [exchange(topic, 'topic'), exchange(direct, 'direct'), exchange(fanout, 'fanout')],
        queues: [quorumQueue(all), quorumQueue(eu), quorumQueue(one)],
        bindings: [
          toQueue(topic, all, '#'),
          toQueue(topic, eu, 'order.*.eu'),
          toQueue(direct, one, 'exact'),
          toQueue(fanout, all),
          toQueue(fanout, one),
        ],
      });
      await context.publish('order.paid.eu', 'eu', {}, topic);
      await context.publish('order.paid.us', 'us', {}, topic);
      await context.publish('exact', 'exact', {}, direct);
      await context.publish('whatever', 'fanout', {}, fanout);
      expect(await bodiesOf(context, all, 3)).toEqual(['eu', 'us', 'fanout']);
      expect(await bodiesOf(context, eu, 1)).toEqual(['eu']);
      expect(await bodiesOf(context, one, 2)).toEqual(['exact', 'fanout']);
    });

    it('brings a message to a queue once, however many ways lead there', async () => {
      const [first, second, queue] = [context.name('first'), context.name('second'), context.name('queue')];
      await context.declare({
        exchanges: [exchange(first, 'topic'), exchange(second, 'topic')],
        queues: [quorumQueue(queue)],
        bindings: [
          toQueue(first, queue, 'a.*'),
          toQueue(first, queue, '#'),
          toExchange(first, second, 'a.#'),
          toQueue(second, queue, '*.b'),
        ],
      });
      await context.publish('a.b', 'once', {}, first);
      await context.publish('x', 'last', {}, first);
      expect(await bodiesOf(context, queue, 2)).toEqual(['once', 'last']);
    });

    it('hands what no binding takes to the alternate exchange', async () => {
      const [main, spare, taken, parked] = [
        context.name('main'),
        context.name('spare'),
        context.name('taken'),
        context.name('parked'),
      ];
      await context.declare({
        exchanges: [exchange(main, 'topic', { 'alternate-exchange': spare }), exchange(spare, 'fanout')],
        queues: [quorumQueue(taken), quorumQueue(parked)],
        bindings: [toQueue(main, taken, 'known'), toQueue(spare, parked)],
      });
      await context.publish('known', 'a', {}, main);
      await context.publish('unknown', 'b', {}, main);
      expect(await bodiesOf(context, taken, 1)).toEqual(['a']);
      const { inbox } = await context.consume(parked);
      expect(await inbox.take()).toMatchObject({ exchange: main, routingKey: 'unknown' });
    });
  });
}

async function publishUntilTaken(context: SuiteContext, queue: string): Promise<void> {
  const publish = async (): Promise<void> => {
    for (;;) {
      const error: unknown = await context.publish(queue, 'room again').then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) return;
      if (!(error instanceof NackedError)) throw error;
    }
  };
  await bounded('room in the queue', publish());
}

async function bodiesOf(context: SuiteContext, queue: string, count: number): Promise<readonly string[]> {
  const { inbox, subscription } = await context.consume(queue);
  for (const delivery of await inbox.takeMany(count)) delivery.ack();
  await subscription.close();
  await context.readyBecomes(queue, 0);
  return inbox.bodies;
}

import type { Delivery } from '../../../src/broker/broker';
import type { Arguments } from '../../../src/topology/topology';
import { Inbox, textOf } from './inbox';
import type { SuiteContext } from './suite-context';
import { classicQueue, exchange, quorumQueue, toExchange, toQueue } from './topologies';

const AT_LEAST_ONCE: Arguments = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/** The entries of `x-death`, newest first, without their times. */
function deathsOf(delivery: Delivery): readonly Record<string, unknown>[] {
  const entries = delivery.properties.headers?.['x-death'] as readonly Record<string, unknown>[];
  return entries.map(({ time: _, ...entry }) => entry);
}

export function describeDeadLetters(context: SuiteContext): void {
  describe('a dead letter', () => {
    interface Ring {
      readonly work: string;
      readonly dlx: string;
      readonly inbox: Inbox;
    }

    /** A queue with the arguments, a direct exchange for its dead letters, and a consumer of those. */
    const watched = async (args: Arguments = {}, key?: string): Promise<Ring> => {
      const [work, dead, dlx] = [context.name('work'), context.name('dead'), context.name('dlx')];
      const routing: Arguments = key === undefined ? {} : { 'x-dead-letter-routing-key': key };
      await context.declare({
        exchanges: [exchange(dlx, 'direct')],
        queues: [quorumQueue(work, { 'x-dead-letter-exchange': dlx, ...routing, ...args }), quorumQueue(dead)],
        bindings: [toQueue(dlx, dead, key ?? work)],
      });
      const { inbox } = await context.consume(dead);
      return { work, dlx, inbox };
    };

    it('comes of a message that its consumer rejected, and says so', async () => {
      const { work, dlx, inbox } = await watched();
      await context.publish(work, 'a', { messageId: 'm-1', type: 't', headers: { tenant: 'acme' } });
      const consumer = await context.consume(work);
      expect((await consumer.inbox.take()).reject()).toBe(true);
      const letter = await inbox.take();
      expect(letter).toMatchObject({ exchange: dlx, routingKey: work });
      expect(textOf(letter)).toBe('a');
      expect(letter.properties).toMatchObject({ messageId: 'm-1', type: 't' });
      expect(deathsOf(letter)).toEqual([
        { queue: work, reason: 'rejected', count: 1, exchange: '', 'routing-keys': [work] },
      ]);
      expect(letter.properties.headers).toMatchObject({
        tenant: 'acme',
        'x-first-death-queue': work,
        'x-first-death-reason': 'rejected',
        'x-first-death-exchange': '',
      });
      await context.readyBecomes(work, 0);
    });

    it('tells of its last death where the broker does', async () => {
      const { work, inbox } = await watched({ 'x-message-ttl': 50 });
      await context.publish(work);
      const { headers } = (await inbox.take()).properties;
      const last = { 'x-last-death-queue': work, 'x-last-death-reason': 'expired', 'x-last-death-exchange': '' };
      if (context.capabilities.lastDeathHeaders) expect(headers).toMatchObject(last);
      else expect(Object.keys(headers ?? {}).filter((key) => key.startsWith('x-last-death'))).toEqual([]);
    });

    it('tells when it died, in seconds', async () => {
      const { work, inbox } = await watched({ 'x-message-ttl': 50 });
      const before = Math.floor(Date.now() / 1000);
      await context.publish(work);
      const { headers = {} } = (await inbox.take()).properties;
      const [death] = headers['x-death'] as readonly { readonly time: { readonly value: number } }[];
      expect(death?.time).toEqual({ '!': 'timestamp', value: expect.any(Number) });
      expect(death?.time.value).toBeGreaterThanOrEqual(before - 1);
      expect(death?.time.value).toBeLessThanOrEqual(Date.now() / 1000 + 1);
    });

    it('takes the routing key that its queue names', async () => {
      const { work, inbox } = await watched({ 'x-message-ttl': 50 }, 'other.key');
      await context.publish(work);
      expect((await inbox.take()).routingKey).toBe('other.key');
    });

    it('comes of a message whose own time is up before its queue’s, and has no time to live any more', async () => {
      const { work, inbox } = await watched({ 'x-message-ttl': 600_000 });
      await context.publish(work, 'a', { expiration: '50' });
      const letter = await inbox.take();
      expect(letter.properties.expiration).toBeUndefined();
      expect(deathsOf(letter)).toEqual([
        { queue: work, reason: 'expired', count: 1, exchange: '', 'routing-keys': [work], 'original-expiration': '50' },
      ]);
    });

    it('comes of a message whose queue’s time is up before its own', async () => {
      const { work, inbox } = await watched({ 'x-message-ttl': 50 });
      await context.publish(work, 'a', { expiration: '600000' });
      expect(deathsOf(await inbox.take())).toMatchObject([{ reason: 'expired', 'original-expiration': '600000' }]);
    });

    it('waits behind a longer-lived message of its priority', async () => {
      const { work, inbox } = await watched();
      await context.publish(work, 'long', { expiration: '600' });
      await context.publish(work, 'short', { expiration: '50' });
      await inbox.takeMany(2);
      expect(inbox.bodies).toEqual(['long', 'short']);
    });

    it('does not come of a message that is out when its time is up', async () => {
      const { work, inbox } = await watched();
      const consumer = await context.consume(work);
      await context.publish(work, 'out', { expiration: '500' });
      const out = await consumer.inbox.take();
      await consumer.subscription.cancel();
      await context.publish(work, 'late', { expiration: '700' });
      expect(textOf(await inbox.take())).toBe('late');
      expect(out.ack()).toBe(true);
      expect(inbox.bodies).toEqual(['late']);
    });

    it('comes of the oldest message of a queue that overflows', async () => {
      const { work, inbox } = await watched({ 'x-max-length': 1 });
      await context.publish(work, 'a');
      await context.publish(work, 'b');
      const letter = await inbox.take();
      expect(textOf(letter)).toBe('a');
      expect(deathsOf(letter)).toMatchObject([{ queue: work, reason: 'maxlen', count: 1 }]);
    });

    it('comes of a classic queue too', async () => {
      const [work, dead] = [context.name('work'), context.name('dead')];
      const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead, 'x-message-ttl': 50 };
      await context.declare({ queues: [classicQueue(work, args), classicQueue(dead)] });
      await context.publish(work, 'a');
      const { inbox } = await context.consume(dead);
      expect(deathsOf(await inbox.take())).toMatchObject([{ queue: work, reason: 'expired', count: 1 }]);
    });

    it('is not there when the queue has no exchange for it', async () => {
      const queue = await context.queue();
      await context.publish(queue, 'a');
      await context.publish(queue, 'b');
      const { inbox } = await context.consume(queue, 1);
      (await inbox.take()).reject();
      expect(textOf(await inbox.take())).toBe('b');
      expect(inbox.bodies).toEqual(['a', 'b']);
    });

    it('goes round as often as consumers reject it, and counts its rounds', async () => {
      const [work, pause] = [context.name('work'), context.name('pause')];
      const to = (queue: string): Arguments => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue });
      await context.declare({
        queues: [quorumQueue(work, to(pause)), quorumQueue(pause, { ...to(work), 'x-message-ttl': 30 })],
      });
      await context.publish(work, 'a');
      const { inbox } = await context.consume(work, 1);
      for (let round = 0; round < 3; round++) (await inbox.take()).reject();
      const deaths = deathsOf(await inbox.take());
      expect(deaths).toMatchObject([
        { queue: pause, reason: 'expired', count: 3 },
        { queue: work, reason: 'rejected', count: 3 },
      ]);
    });

    it('waits as long as the bits of its routing key say, on a delay ladder in small', async () => {
      const [high, low, deliver, unrouted] = ['high', 'low', 'deliver', 'unrouted'].map((name) =>
        context.name(name),
      ) as [string, string, string, string];
      const home = context.name('home');
      const level = (ttl: number, next: string): Arguments => ({
        ...AT_LEAST_ONCE,
        'x-message-ttl': ttl,
        'x-dead-letter-exchange': next,
      });
      await context.declare({
        exchanges: [
          exchange(high, 'topic'),
          exchange(low, 'topic'),
          exchange(deliver, 'topic', { 'alternate-exchange': unrouted }),
          exchange(unrouted, 'fanout'),
        ],
        queues: [
          quorumQueue(high, level(250, low)),
          quorumQueue(low, level(125, deliver)),
          quorumQueue(home),
          quorumQueue(unrouted),
        ],
        bindings: [
          toQueue(high, high, '1.#'),
          toExchange(high, low, '0.#'),
          toQueue(low, low, '*.1.#'),
          toExchange(low, deliver, '*.0.#'),
          toQueue(deliver, home, `*.*.${home}`),
          toQueue(unrouted, unrouted),
        ],
      });
      const parked = await context.consume(unrouted);
      // The delay, and the dead-letter exchange of the last level that held the message.
      const journeys = new Map<string, readonly [delayMs: number, from: string]>([
        ['1.1', [375, deliver]],
        ['0.1', [125, deliver]],
        ['1.0', [250, low]],
        ['0.0', [0, high]],
      ]);
      const inbox = new Inbox();
      const tooEarly: string[] = [];
      const sentAt = Date.now();
      await context.broker.subscribe({
        queue: home,
        prefetch: 10,
        onDelivery: (delivery) => {
          const waited = Date.now() - sentAt;
          // The broker and this process may round their milliseconds differently.
          const [delayMs = 0] = journeys.get(textOf(delivery)) ?? [];
          if (waited < delayMs - 2) tooEarly.push(`${textOf(delivery)} after ${waited} ms`);
          inbox.onDelivery(delivery);
        },
      });
      for (const bits of journeys.keys()) await context.publish(`${bits}.${home}`, bits, {}, high);
      await context.publish('0.1.nobody', 'nobody', {}, high);
      await inbox.takeMany(journeys.size);
      expect(tooEarly).toEqual([]);
      const arrived = inbox.deliveries.map(({ body, exchange: from, routingKey }) => `${body} ${from} ${routingKey}`);
      const expected = [...journeys].map(([bits, [, from]]) => `${bits} ${from} ${bits}.${home}`);
      expect(arrived.sort()).toEqual(expected.sort());
      expect(inbox.deliveries.filter(({ redelivered }) => redelivered)).toEqual([]);
      expect(await parked.inbox.take()).toMatchObject({ routingKey: '0.1.nobody', redelivered: false });
    });
  });
}

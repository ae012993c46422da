import type { Broker } from '../../../src/broker/broker';
import type { Arguments } from '../../../src/topology/topology';
import { consume } from '../../conformance/broker/inbox';
import { classicQueue, exchange, quorumQueue, toQueue } from '../../conformance/broker/topologies';
import { declare, drain, Fixture, publish } from './fixture';

const AT_LEAST_ONCE: Arguments = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
const deadTo = (queue: string): Arguments => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue });

describe('a queue of the embedded broker', () => {
  let fixture: Fixture;
  let broker: Broker;

  beforeEach(async () => {
    fixture = new Fixture();
    broker = await fixture.connect();
  });
  afterEach(() => fixture.close());

  describe('time to live', () => {
    it('is up at its millisecond, not before', async () => {
      await declare(broker, {
        queues: [quorumQueue('q', { ...deadTo('dead'), 'x-message-ttl': 1_000 }), quorumQueue('dead')],
      });
      await publish(broker, 'q');
      await fixture.clock.advance(999);
      expect([await broker.countReady('q'), await broker.countReady('dead')]).toEqual([1, 0]);
      await fixture.clock.advance(1);
      expect([await broker.countReady('q'), await broker.countReady('dead')]).toEqual([0, 1]);
    });

    it('of zero lasts for the millisecond of arrival', async () => {
      await declare(broker, { queues: [quorumQueue('q', { 'x-message-ttl': 0 })] });
      const { inbox } = await consume(broker, 'q', 1);
      await publish(broker, 'q', 'taken at once');
      await inbox.take();
      await publish(broker, 'q', 'nobody has room');
      expect(await broker.countReady('q')).toBe(1);
      await fixture.clock.advance(1);
      expect(await broker.countReady('q')).toBe(0);
    });

    it('sets no timer for a message that expires after others', async () => {
      await declare(broker, { queues: [quorumQueue('q', { 'x-message-ttl': 60_000 })] });
      const schedule = jest.spyOn(fixture.clock, 'schedule');
      for (let i = 0; i < 100; i++) {
        await publish(broker, 'q');
        await fixture.clock.advance(1);
      }
      expect(schedule).toHaveBeenCalledTimes(1);
      expect(await drain(broker, 'q')).toHaveLength(100);
      expect(schedule).toHaveBeenCalledTimes(1);
    });

    it('takes one timer a queue, however many messages wait', async () => {
      await declare(broker, {
        queues: [quorumQueue('q', { 'x-message-ttl': 60_000 }), quorumQueue('r', { 'x-message-ttl': 500 })],
      });
      for (let i = 0; i < 100; i++) {
        await publish(broker, 'q');
        await publish(broker, 'r', '', { expiration: String(1_000 - i) });
        await fixture.clock.advance(1);
      }
      expect(fixture.clock.pendingTimers).toBe(2);
    });

    it.each<[string, number]>([
      ['asked for one by one', 0],
      ['consumed', 3],
    ])('is up for a message behind a longer-lived one as soon as that is gone, %s', async (_how, prefetch) => {
      await declare(broker, { queues: [quorumQueue('q', deadTo('dead')), quorumQueue('dead')] });
      await publish(broker, 'q', 'long', { expiration: '1000' });
      await publish(broker, 'q', 'short', { expiration: '100' });
      await publish(broker, 'q', 'longest', { expiration: '2000' });
      await fixture.clock.advance(500);
      if (prefetch === 0) {
        expect(await drain(broker, 'q')).toEqual(['long', 'longest']);
      } else {
        const { inbox } = await consume(broker, 'q', prefetch);
        await inbox.takeMany(2);
        expect(inbox.bodies).toEqual(['long', 'longest']);
      }
      expect(await drain(broker, 'dead')).toEqual(['short']);
    });

    it('goes on while a message is out, and is up when it comes back too late', async () => {
      await declare(broker, { queues: [quorumQueue('q', deadTo('dead')), quorumQueue('dead')] });
      await publish(broker, 'q', 'a', { expiration: '100' });
      const reader = await broker.openReader('q');
      const delivery = await reader.next();
      await fixture.clock.advance(200);
      expect(await broker.countReady('dead')).toBe(0);
      delivery?.requeue();
      expect([await broker.countReady('q'), await broker.countReady('dead')]).toEqual([0, 1]);
    });
  });

  describe('dead letters at least once', () => {
    it('stay, unseen, until a full target has room', async () => {
      await declare(broker, {
        queues: [
          quorumQueue('q', { ...AT_LEAST_ONCE, ...deadTo('target'), 'x-message-ttl': 10 }),
          classicQueue('target', { 'x-max-length': 1, 'x-overflow': 'reject-publish' }),
        ],
      });
      for (const body of ['a', 'b', 'c']) await publish(broker, 'q', body);
      await fixture.clock.advance(10);
      expect([await broker.countReady('q'), await broker.countReady('target')]).toEqual([0, 1]);
      const { inbox } = await consume(broker, 'target', 1);
      for (let taken = 0; taken < 3; taken++) (await inbox.take()).ack();
      expect(inbox.bodies).toEqual(['a', 'b', 'c']);
    });

    it('stay until there is a way for them', async () => {
      await declare(broker, {
        exchanges: [exchange('dlx', 'fanout')],
        queues: [quorumQueue('q', { ...AT_LEAST_ONCE, 'x-dead-letter-exchange': 'dlx', 'x-message-ttl': 10 })],
      });
      await publish(broker, 'q', 'a');
      await fixture.clock.advance(10);
      await declare(broker, {
        exchanges: [exchange('dlx', 'fanout')],
        queues: [quorumQueue('late')],
        bindings: [toQueue('dlx', 'late')],
      });
      await fixture.clock.advance(0);
      expect(await drain(broker, 'late')).toEqual(['a']);
    });

    it('count against the limit of the queue that holds them', async () => {
      await declare(broker, {
        queues: [quorumQueue('q', { ...AT_LEAST_ONCE, ...deadTo('nowhere'), 'x-message-ttl': 10, 'x-max-length': 1 })],
      });
      await publish(broker, 'q', 'a');
      await publish(broker, 'q', 'b');
      await fixture.clock.advance(10);
      expect(await broker.countReady('q')).toBe(0);
      await expect(publish(broker, 'q', 'c')).rejects.toMatchObject({ code: 'NACKED' });
      await declare(broker, { queues: [quorumQueue('nowhere')] });
      await fixture.clock.advance(0);
      expect(await broker.countReady('nowhere')).toBe(2);
      await publish(broker, 'q', 'd');
    });

    it('go once to the queues that had room', async () => {
      await declare(broker, {
        exchanges: [exchange('dlx', 'fanout')],
        queues: [
          quorumQueue('q', { ...AT_LEAST_ONCE, 'x-dead-letter-exchange': 'dlx' }),
          quorumQueue('free'),
          classicQueue('full', { 'x-max-length': 0, 'x-overflow': 'reject-publish' }),
        ],
        bindings: [toQueue('dlx', 'free'), toQueue('dlx', 'full')],
      });
      await publish(broker, 'q', 'a', { expiration: '10' });
      await fixture.clock.advance(10);
      await declare(broker, { queues: [quorumQueue('unrelated')] });
      await fixture.clock.advance(0);
      expect([await broker.countReady('free'), await broker.countReady('full')]).toEqual([1, 0]);
    });
  });

  describe('dead letters at most once', () => {
    it.each<[string, Arguments]>([
      ['there is no way for them', deadTo('nowhere')],
      ['the exchange is missing', { 'x-dead-letter-exchange': 'nowhere' }],
    ])('are lost when %s', async (_what, args) => {
      await declare(broker, { queues: [quorumQueue('q', { ...args, 'x-message-ttl': 10 })] });
      await publish(broker, 'q');
      await fixture.clock.advance(10);
      await declare(broker, { queues: [quorumQueue('nowhere')] });
      await fixture.clock.advance(1_000);
      expect(await broker.countReady('nowhere')).toBe(0);
    });

    it('are dropped when they would go round for ever', async () => {
      await declare(broker, {
        queues: [
          quorumQueue('a', { ...deadTo('b'), 'x-message-ttl': 10 }),
          classicQueue('b', { ...deadTo('a'), 'x-message-ttl': 10 }),
        ],
      });
      await publish(broker, 'a');
      await fixture.clock.advance(10);
      expect([await broker.countReady('a'), await broker.countReady('b')]).toEqual([0, 1]);
      await fixture.clock.advance(10);
      expect([await broker.countReady('a'), await broker.countReady('b')]).toEqual([0, 0]);
    });
  });

  describe('counting deliveries', () => {
    const fail = async (queue: string): Promise<void> => {
      const reader = await broker.openReader(queue);
      await reader.next();
      await reader.close();
    };

    it('tells failures and returns apart in the headers of a redelivery', async () => {
      await declare(broker, { queues: [quorumQueue('q')] });
      await publish(broker, 'q', '', { headers: { own: 1 } });
      const { inbox } = await consume(broker, 'q', 1);
      const first = await inbox.take();
      first.requeue();
      const second = await inbox.take();
      fixture.server.dropConnections();
      const third = await inbox.take();
      expect([first, second, third].map(({ properties }) => properties.headers)).toEqual([
        { own: 1 },
        { own: 1, 'x-acquired-count': 1 },
        { own: 1, 'x-acquired-count': 2, 'x-delivery-count': 1 },
      ]);
      expect([first, second, third].map(({ redelivered, deliveryCount }) => [redelivered, deliveryCount])).toEqual([
        [false, 0],
        [true, 0],
        [true, 1],
      ]);
    });

    it('counts nothing in a classic queue', async () => {
      await declare(broker, { queues: [classicQueue('q')] });
      await publish(broker, 'q');
      await fail('q');
      const delivery = await (await broker.openReader('q')).next();
      expect(delivery).toMatchObject({ redelivered: true, deliveryCount: 0, properties: { headers: {} } });
    });

    it('goes on in the next quorum queue, as RabbitMQ 4.3 does', async () => {
      await declare(broker, {
        queues: [quorumQueue('q', { ...deadTo('dead'), 'x-delivery-limit': 1 }), quorumQueue('dead')],
      });
      await publish(broker, 'q');
      await fail('q');
      await fail('q');
      const delivery = await (await broker.openReader('dead')).next();
      expect(delivery).toMatchObject({
        redelivered: true,
        deliveryCount: 2,
        properties: {
          headers: { 'x-delivery-count': 2, 'x-acquired-count': 2, 'x-last-death-reason': 'delivery_limit' },
        },
      });
    });

    it('drops a message over its limit when there is no dead-letter exchange', async () => {
      await declare(broker, { queues: [quorumQueue('q', { 'x-delivery-limit': 0 })] });
      await publish(broker, 'q');
      await fail('q');
      expect(await broker.countReady('q')).toBe(0);
    });

    it('has no limit where the argument says so', async () => {
      await declare(broker, { queues: [quorumQueue('q', { 'x-delivery-limit': -1 })] });
      await publish(broker, 'q');
      for (let failures = 0; failures < 30; failures++) await fail('q');
      expect(await broker.countReady('q')).toBe(1);
    });
  });

  it('serves its consumers in turn, and passes over those without room', async () => {
    await declare(broker, { queues: [quorumQueue('q')] });
    const one = await consume(broker, 'q', 1);
    const two = await consume(broker, 'q', 10);
    const three = await consume(broker, 'q', 10);
    for (const body of ['a', 'b', 'c', 'd', 'e']) await publish(broker, 'q', body);
    expect([one, two, three].map(({ inbox }) => inbox.bodies)).toEqual([['a'], ['b', 'd'], ['c', 'e']]);
  });

  it('drops the head for what consumers have no room for only', async () => {
    await declare(broker, { queues: [quorumQueue('q', { 'x-max-length': 1 })] });
    const { inbox } = await consume(broker, 'q', 2);
    for (const body of ['a', 'b', 'c', 'd']) await publish(broker, 'q', body);
    expect(inbox.bodies).toEqual(['a', 'b']);
    expect(await drain(broker, 'q')).toEqual(['d']);
  });
});

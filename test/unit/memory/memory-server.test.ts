import type { Broker, BrokerEvents, Delivery } from '../../../src/broker/broker';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import { ConnectionClosedError } from '../../../src/errors/enqueue-errors';
import { createMemoryBroker } from '../../../src/memory/memory-server';
import { systemClock } from '../../../src/time/system-clock';
import { homeBindingKey, MAX_DELAY_MS, route } from '../../../src/topology/ladder';
import { planLadderEnds, planLevels } from '../../../src/topology/ladder-plan';
import { DELAY_DELIVER_EXCHANGE } from '../../../src/topology/names';
import { consume, Inbox } from '../../conformance/broker/inbox';
import { exchange, quorumQueue, topology, toQueue } from '../../conformance/broker/topologies';
import { declare, drain, Fixture, publish } from './fixture';

/** Writes down what a broker tells about itself. */
function recorded(): { readonly events: BrokerEvents; readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    events: {
      onConnection: (name, state, error) =>
        log.push(`${name} ${state}${error === undefined ? '' : ` (${error.name})`}`),
      onSubscription: (queue, state, error) =>
        log.push(`${queue} ${state}${error === undefined ? '' : ` (${error.name})`}`),
    },
  };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the embedded broker', () => {
  let fixture: Fixture;
  let broker: Broker;

  beforeEach(async () => {
    fixture = new Fixture();
    broker = await fixture.connect();
  });
  afterEach(() => fixture.close());

  it('says what it is', () => {
    expect(broker.server).toEqual({ product: 'memory', version: '4.3.0' });
    expect(broker.address).toBe('memory:test');
  });

  it('is shared by the connections of one server and by no others', async () => {
    const same = await fixture.connect();
    const state = fixture.server;
    const alsoSame = createMemoryBroker({ clock: systemClock, state });
    const other = createMemoryBroker({ clock: systemClock });
    await Promise.all([alsoSame.connect(), other.connect()]);
    await declare(broker, { queues: [quorumQueue('q')] });
    await publish(same, 'q', 'a');
    expect(await alsoSame.countReady('q')).toBe(1);
    expect(await other.countReady('q')).toBeUndefined();
    await Promise.all([alsoSame.close(), other.close()]);
  });

  it('keeps what stands on it while nobody is connected, and lets go of its timers', async () => {
    await declare(broker, {
      queues: [
        quorumQueue('q', { 'x-message-ttl': 1_000, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'r' }),
        quorumQueue('r'),
      ],
    });
    await publish(broker, 'q', 'a');
    expect(fixture.clock.pendingTimers).toBe(1);
    await broker.close();
    expect(fixture.clock.pendingTimers).toBe(0);
    await fixture.clock.advance(400);
    const later = await fixture.connect();
    await fixture.clock.advance(599);
    expect(await later.countReady('q')).toBe(1);
    await fixture.clock.advance(1);
    expect(await drain(later, 'r')).toEqual(['a']);
  });

  it('keeps every copy of a message apart from what others do with theirs', async () => {
    await declare(broker, {
      exchanges: [exchange('e', 'fanout')],
      queues: [quorumQueue('q'), quorumQueue('r')],
      bindings: [toQueue('e', 'q'), toQueue('e', 'r')],
    });
    const body = Buffer.from('body');
    const headers = { nested: { list: [1] } };
    const sent = broker.publisher.publish({ exchange: 'e', routingKey: '', body, properties: { headers } });
    body.fill('x');
    headers.nested.list.push(2);
    await sent;
    const spoiler = await (await broker.openReader('q')).next();
    const { headers: received = {} } = spoiler?.properties ?? {};
    spoiler?.body.fill('y');
    Object.assign(received, { spoiled: true });
    (received['nested'] as { list: number[] }).list.push(3);
    spoiler?.requeue();
    for (const queue of ['q', 'r']) {
      const delivery = await (await broker.openReader(queue)).next();
      expect(delivery?.body.toString()).toBe('body');
      expect(delivery?.properties.headers).toMatchObject({ nested: { list: [1] } });
      expect(delivery?.properties.headers).not.toHaveProperty('spoiled');
    }
  });

  it('delays a message by the whole ladder, to the millisecond, up to years', async () => {
    const [levels, delivery] = [planLevels(), planLadderEnds()];
    await declare(broker, {
      exchanges: [...levels.exchanges, ...delivery.exchanges],
      queues: [...levels.queues, ...delivery.queues, quorumQueue('home')],
      bindings: [
        ...levels.bindings,
        ...delivery.bindings,
        toQueue(DELAY_DELIVER_EXCHANGE, 'home', homeBindingKey('home')),
      ],
    });
    const delays = [125, 5_000, 90_000, 86_400_000, MAX_DELAY_MS];
    const { inbox } = await consume(broker, 'home', 10);
    for (const delay of delays) {
      await broker.publisher.publish({
        ...route('home', delay, 'exact'),
        body: Buffer.from(String(delay)),
        properties: {},
      });
    }
    const start = fixture.clock.now();
    for (const delay of delays) {
      await fixture.clock.advance(start + delay - 1 - fixture.clock.now());
      expect(inbox.bodies).not.toContain(String(delay));
      await fixture.clock.advance(1);
      expect(inbox.bodies).toContain(String(delay));
    }
  });

  it('lets timers run while a message is requeued again and again', async () => {
    await declare(broker, { queues: [quorumQueue('q', { 'x-delivery-limit': -1 })] });
    let rounds = 0;
    let fired = false;
    const ended = new Promise<void>((resolve) => {
      const onDelivery = (delivery: Delivery): void => {
        if (rounds++ === 0)
          setTimeout(() => {
            fired = true;
          }, 0);
        // Without a turn for timers it would go on until here, and nothing could end the test.
        if (fired || rounds === 100_000) resolve();
        else delivery.requeue();
      };
      void broker.subscribe({ queue: 'q', prefetch: 1, onDelivery });
    });
    await publish(broker, 'q');
    await ended;
    expect(fired).toBe(true);
  });

  it('hands nothing over after cancel, not even what was on its way', async () => {
    await declare(broker, { queues: [quorumQueue('q')] });
    const { inbox, subscription } = await consume(broker, 'q');
    const published = publish(broker, 'q', 'a');
    await subscription.cancel();
    await published;
    await turns();
    expect([inbox.bodies, await broker.countReady('q')]).toEqual([[], 1]);
  });

  describe('losing its connections', () => {
    it('gives back what was unsettled, as failed, and consumes again by itself', async () => {
      const { events, log } = recorded();
      const worker = await fixture.connect(events);
      await declare(worker, { queues: [quorumQueue('q')] });
      await publish(broker, 'q', 'a');
      await publish(broker, 'q', 'b');
      const { inbox, subscription } = await consume(worker, 'q', 2);
      const [first, second] = await inbox.takeMany(2);
      first?.ack();
      fixture.server.dropConnections();
      expect([second?.live, second?.ack(), subscription.state]).toEqual([false, false, 'recovering']);
      const again = await inbox.take();
      expect(again).toMatchObject({ redelivered: true, deliveryCount: 1, live: true });
      expect(again.body.toString()).toBe('b');
      expect(again.ack()).toBe(true);
      expect(log).toEqual([
        'memory connecting',
        'memory connected',
        'q consuming',
        'memory connecting (ConnectionClosedError)',
        'q recovering (ConnectionClosedError)',
        'memory connected',
        'q consuming',
      ]);
    });

    it('delivers nothing to a subscription that was cancelled, and takes back what it held', async () => {
      await declare(broker, { queues: [quorumQueue('q')] });
      await publish(broker, 'q', 'a');
      const { inbox, subscription } = await consume(broker, 'q', 1);
      await inbox.take();
      await subscription.cancel();
      fixture.server.dropConnections();
      await turns();
      expect([subscription.state, await broker.countReady('q'), inbox.bodies]).toEqual(['cancelled', 1, ['a']]);
    });

    it('ends readers', async () => {
      await declare(broker, { queues: [quorumQueue('q')] });
      await publish(broker, 'q', 'a');
      const reader = await broker.openReader('q');
      const delivery = await reader.next();
      fixture.server.dropConnections();
      await expect(reader.next()).rejects.toThrow(ConnectionClosedError);
      expect(delivery?.ack()).toBe(false);
      await reader.close();
      await turns();
      expect(await broker.countReady('q')).toBe(1);
    });

    it('publishes what came meanwhile, in order, as soon as it is back', async () => {
      await declare(broker, { queues: [quorumQueue('q')] });
      fixture.server.dropConnections();
      const sent = ['a', 'b', 'c'].map((body) => publish(broker, 'q', body));
      await expect(broker.countReady('q')).rejects.toThrow(ConnectionClosedError);
      await Promise.all(sent);
      expect(await drain(broker, 'q')).toEqual(['a', 'b', 'c']);
      expect(fixture.clock.pendingTimers).toBe(0);
    });

    it('declares its plan again', async () => {
      await declare(broker, { queues: [quorumQueue('q')] });
      fixture.server.dropConnections();
      fixture.server.deleteQueue('q');
      await turns();
      expect(await broker.countReady('q')).toBe(0);
    });
  });

  describe('losing a queue', () => {
    it('does not consume again before a connection that was lost too is back', async () => {
      const { events, log } = recorded();
      const worker = await fixture.connect(events);
      await declare(worker, { queues: [quorumQueue('q')] });
      await consume(worker, 'q');
      fixture.server.deleteQueue('q');
      fixture.server.dropConnections();
      await turns();
      expect(log.slice(-2)).toEqual(['memory connected', 'q consuming']);
    });

    it('settles what came of it before, without effect', async () => {
      await declare(broker, { queues: [quorumQueue('q')] });
      for (const body of ['a', 'b', 'c']) await publish(broker, 'q', body);
      const { inbox, subscription } = await consume(broker, 'q', 3);
      const [first, second, third] = await inbox.takeMany(3);
      expect(fixture.server.deleteQueue('q')).toBe(true);
      await turns();
      expect(subscription.state).toBe('consuming');
      expect([first?.live, first?.ack(), second?.requeue(), third?.reject()]).toEqual([true, true, true, true]);
      await publish(broker, 'q', 'new');
      expect((await inbox.take()).body.toString()).toBe('new');
      expect(await broker.countReady('q')).toBe(0);
      expect(fixture.server.deleteQueue('missing')).toBe(false);
    });

    it('waits for somebody to declare it again where its own plan does not', async () => {
      const owner = await fixture.connect();
      await declare(owner, { queues: [quorumQueue('q')] });
      const { events, log } = recorded();
      const guest = await fixture.connect(events);
      await guest.applyTopology(topology({ queues: [quorumQueue('q')] }), 'verify');
      const { inbox } = await consume(guest, 'q');
      fixture.server.deleteQueue('q');
      await turns();
      expect(log.at(-1)).toBe('q recovering (ConnectionClosedError)');
      await declare(owner, { queues: [quorumQueue('q')] });
      await publish(owner, 'q', 'a');
      expect((await inbox.take()).body.toString()).toBe('a');
      expect(log.at(-1)).toBe('q consuming');
    });

    it('does not wait any more once it is closed', async () => {
      const owner = await fixture.connect();
      await declare(owner, { queues: [quorumQueue('q')] });
      const guest = await fixture.connect();
      const { subscription } = await consume(guest, 'q');
      fixture.server.deleteQueue('q');
      await turns();
      await subscription.close();
      await declare(owner, { queues: [quorumQueue('q')] });
      await turns();
      expect(subscription.state).toBe('closed');
    });

    it('loses its messages, those that are out included, and makes no dead letters of them', async () => {
      const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead', 'x-delivery-limit': 0 };
      await declare(broker, { queues: [quorumQueue('q', { ...args, 'x-message-ttl': 1_000 }), quorumQueue('dead')] });
      for (const body of ['rejected', 'failed', 'waiting']) await publish(broker, 'q', body);
      const reader = await broker.openReader('q');
      const rejected = await reader.next();
      await reader.next();
      fixture.server.deleteQueue('q');
      expect(fixture.clock.pendingTimers).toBe(0);
      expect(rejected?.reject()).toBe(true);
      await reader.close();
      await fixture.clock.advance(1_000);
      expect(await broker.countReady('dead')).toBe(0);
    });

    it('forgets its bindings', async () => {
      const plan = {
        exchanges: [exchange('e', 'direct')],
        queues: [quorumQueue('q')],
        bindings: [toQueue('e', 'q', 'k')],
      };
      await declare(broker, plan);
      fixture.server.deleteQueue('q');
      const message = { exchange: 'e', routingKey: 'k', body: Buffer.alloc(0), properties: {} };
      await expect(broker.publisher.publish(message)).rejects.toMatchObject({ code: 'UNROUTABLE' });
      await declare(broker, { queues: plan.queues });
      await expect(broker.publisher.publish(message)).rejects.toMatchObject({ code: 'UNROUTABLE' });
      await declare(broker, plan);
      await broker.publisher.publish(message);
    });
  });

  describe('without a connection', () => {
    it('publishes once it is connected, or gives up after the timeout', async () => {
      const late = fixture.server.connect();
      await declare(broker, { queues: [quorumQueue('q')] });
      const message = { exchange: '', routingKey: 'q', body: Buffer.from('a'), properties: {} };
      const patient = late.publisher.publish(message, { timeoutMs: 1_000 });
      const refused = expect(late.publisher.publish(message, { timeoutMs: 10 })).rejects.toThrow(
        /did not come back within 10 ms/,
      );
      await fixture.clock.advance(10);
      await refused;
      await late.connect();
      await patient;
      expect(await broker.countReady('q')).toBe(1);
      await late.close();
    });

    it('does nothing else', async () => {
      const closed = await fixture.connect();
      await closed.close();
      const idle = fixture.server.connect();
      for (const unconnected of [closed, idle]) {
        await expect(unconnected.countReady('q')).rejects.toThrow(ConnectionClosedError);
        await expect(unconnected.openReader('q')).rejects.toThrow(ConnectionClosedError);
        await expect(unconnected.applyTopology(topology({}), 'assert')).rejects.toThrow(ConnectionClosedError);
        await expect(consume(unconnected, 'q')).rejects.toThrow(ConnectionClosedError);
      }
      await expect(closed.connect()).rejects.toThrow(ConnectionClosedError);
      await idle.close();
    });

    it('ends what waits to be published when it is closed', async () => {
      const idle = fixture.server.connect();
      const refused = expect(publish(idle, 'q')).rejects.toThrow(ConnectionClosedError);
      await idle.close();
      await refused;
      expect(fixture.clock.pendingTimers).toBe(0);
    });

    it('tells that it is closed, once', async () => {
      const { events, log } = recorded();
      const other = await fixture.connect(events);
      await other.close();
      await other.close();
      expect(log).toEqual(['memory connecting', 'memory connected', 'memory closed']);
    });
  });

  describe('a plan that cannot be', () => {
    it('is refused for what the embedded broker does not have, and changes nothing', async () => {
      const plan = topology({ exchanges: [exchange('h', 'headers')], queues: [quorumQueue('q')] });
      await expect(broker.applyTopology(plan, 'assert')).rejects.toThrow(ConfigurationError);
      expect(await broker.countReady('q')).toBeUndefined();
    });

    it('is refused for a conflict, and changes nothing', async () => {
      await declare(broker, { queues: [quorumQueue('z')] });
      const plan = {
        exchanges: [exchange('e', 'topic')],
        queues: [quorumQueue('a'), quorumQueue('z', { 'x-max-length': 1 })],
      };
      await expect(declare(broker, plan)).rejects.toMatchObject({ code: 'TOPOLOGY_CONFLICT', entity: 'z' });
      expect(await broker.countReady('a')).toBeUndefined();
      await expect(broker.applyTopology(topology({ exchanges: plan.exchanges }), 'verify')).rejects.toMatchObject({
        missing: ['exchange "e"'],
      });
    });

    it('is refused for a conflict of exchange arguments', async () => {
      await declare(broker, { exchanges: [exchange('e', 'topic', { 'alternate-exchange': 'a' })] });
      await expect(
        declare(broker, { exchanges: [exchange('e', 'topic', { 'alternate-exchange': 'b' })] }),
      ).rejects.toMatchObject({
        kind: 'exchange',
        differences: [{ field: 'alternate-exchange', wanted: 'b', actual: 'a' }],
      });
    });

    it('is refused for bindings without ends', async () => {
      const bindings = [toQueue('e', 'q', 'k')];
      await expect(declare(broker, { bindings })).rejects.toMatchObject({ missing: ['exchange "e"', 'queue "q"'] });
    });
  });

  it('does not hand over a delivery that was taken back before its turn', async () => {
    await declare(broker, { queues: [quorumQueue('q')] });
    await publish(broker, 'q', 'a');
    const inbox = new Inbox();
    const subscribing = broker.subscribe({ queue: 'q', prefetch: 1, onDelivery: inbox.onDelivery });
    fixture.server.dropConnections();
    await subscribing;
    expect((await inbox.take()).deliveryCount).toBe(1);
    expect(inbox.bodies).toEqual(['a']);
  });
});

import { AmqpSubscription } from '../../../../src/amqp/consume/amqp-subscription';
import type { Delivery } from '../../../../src/broker/broker';
import type { PeerConnection } from '../../../support/amqp-peer';
import { bounded } from '../../../support/bounded';
import { closeAll, connectionTo, listeningPeer, roundTrip, WAYS } from '../peer-connections';

const opened: AmqpSubscription[] = [];

let fastPath = true;
afterEach(() => {
  fastPath = true;
});

/** A subscription of the queue "q" at a scripted peer, which is not opened yet. */
async function subscribing({ prefetch = 10 } = {}) {
  const peer = await listeningPeer();
  const { connection, reported } = connectionTo(peer.url, { fastPath });
  const states: string[] = [];
  const deliveries: Delivery[] = [];
  let restored = 0;
  const waiting = new Map<string, () => void>();
  const subscription = new AmqpSubscription(
    connection,
    { queue: 'q', prefetch, onDelivery: (delivery) => deliveries.push(delivery) },
    {
      onState: (_queue, state, error) => {
        states.push(error === undefined ? state : `${state}: ${error.constructor.name}`);
        waiting.get(state)?.();
      },
      restoreTopology: async () => {
        restored++;
      },
    },
  );
  opened.push(subscription);
  /** Resolves when it reports this state for the next time. */
  const becomes = (state: string): Promise<void> =>
    bounded(`the subscription to be ${state}`, new Promise<void>((resolve) => waiting.set(state, resolve)));
  return {
    peer,
    connection,
    connectionReported: reported,
    subscription,
    states,
    deliveries,
    becomes,
    restored: () => restored,
    bodies: () => deliveries.map(({ body }) => body.toString()),
  };
}

/** As {@link subscribing}, and consuming on channel 1. */
async function consuming(options?: { readonly prefetch?: number }) {
  const subscriber = await subscribing(options);
  await subscriber.subscription.open();
  const server = await subscriber.peer.accepts();
  await server.takes('BasicConsume');
  subscriber.states.length = 0;
  return { ...subscriber, server };
}

/** What the peer received of these, in order, with the channel. */
const settlements = ({ log }: PeerConnection): readonly string[] =>
  log.filter((line) => /^Basic(?:Ack|Nack|Reject) /.test(line));

afterEach(async () => {
  const subscriptions = opened.splice(0);
  await closeAll();
  await Promise.all(subscriptions.map((subscription) => subscription.close()));
});

describe.each(WAYS)('a subscription that is being opened, %s', (_way, isFast) => {
  beforeEach(() => {
    fastPath = isFast;
  });

  it('consumes, and runs what comes in one piece with the answer', async () => {
    const { peer, subscription, states, bodies } = await subscribing();
    peer.hold('BasicConsume');
    const opening = subscription.open();
    const server = await peer.accepts();
    const consume = await server.takes('BasicConsume');
    const answer = server.answerTo(consume);
    server.write(answer, server.delivery(consume.channel, 1, { body: 'a' }));
    await opening;
    expect([states, bodies()]).toEqual([['consuming'], ['a']]);
  });

  type Break = (server: PeerConnection, channel: number) => void;
  const CLOSED = "NOT_FOUND - no queue 'q' in vhost '/'";

  it.each<readonly [what: string, request: 'ChannelOpen' | 'BasicQos' | 'BasicConsume', broken: Break, code: string]>([
    ['loses the connection at channel.open', 'ChannelOpen', (server) => server.drop(), 'CONNECTION_CLOSED'],
    ['loses the connection at basic.qos', 'BasicQos', (server) => server.drop(), 'CONNECTION_CLOSED'],
    ['loses the connection at basic.consume', 'BasicConsume', (server) => server.drop(), 'CONNECTION_CLOSED'],
    ['is closed by the broker at basic.consume', 'BasicConsume', (server) => server.close(), 'CONNECTION_CLOSED'],
    ['finds no queue', 'BasicConsume', (server, channel) => server.closeChannel(channel, 404, CLOSED), 'QUEUE_MISSING'],
    [
      'is not permitted to read',
      'BasicConsume',
      (server, channel) => server.closeChannel(channel, 403, 'ACCESS_REFUSED - read access to queue refused'),
      'ACCESS_REFUSED',
    ],
  ])('and that %s fails with the reason, is closed, and leaves no channel', async (_what, request, broken, code) => {
    const { peer, subscription, states, connection } = await subscribing();
    peer.hold(request);
    const opening = subscription.open();
    const failed = expect(opening).rejects.toMatchObject({ code });
    const server = await peer.accepts();
    const { channel } = await server.takes(request);
    peer.release(request);
    broken(server, channel);
    await failed;
    expect(states).toEqual(['closed']);
    await connection.close();
    expect(server.count('ChannelOpen')).toBe(1);
  });

  it.each<readonly [what: string, frames: (server: PeerConnection, channel: number) => Buffer]>([
    ['closes its channel', (server, channel) => server.closingOf(channel, 404, CLOSED)],
    ['closes the connection', (server) => server.closing()],
    ['cancels its consumer', (server, channel) => server.cancelling(channel)],
  ])('fails where the broker %s in one piece with the answer', async (_what, frames) => {
    const { peer, subscription, states } = await subscribing();
    peer.hold('BasicConsume');
    const opening = subscription.open();
    const failed = expect(opening).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    const server = await peer.accepts();
    const consume = await server.takes('BasicConsume');
    server.write(server.answerTo(consume), frames(server, consume.channel));
    await failed;
    expect(states).toEqual(['closed']);
  });

  it.each(['ChannelOpen', 'BasicQos', 'BasicConsume'] as const)(
    'and that is closed at %s leaves no consumer behind, and starts nothing',
    async (request) => {
      const { peer, subscription, states, connection, deliveries } = await subscribing();
      peer.hold(request);
      const opening = subscription.open().catch(() => undefined);
      const server = await peer.accepts();
      const taken = await server.takes(request);
      peer.release(request);
      const closing = subscription.close();
      const frames = [server.answerTo(taken)];
      if (request === 'BasicConsume') frames.push(server.delivery(taken.channel, 1));
      server.write(...frames);
      await Promise.all([opening, closing]);
      await roundTrip(connection);
      expect([states, deliveries]).toEqual([['cancelled', 'closed'], []]);
      const consumers = server.count('BasicConsume') - server.count('BasicCancel');
      expect(server.log.includes(`ChannelClose ${taken.channel}`) || consumers === 0).toBe(true);
    },
  );
});

describe('a subscription whose broker does not answer', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] }));
  afterEach(() => jest.useRealTimers());

  it('fails to open after 10 s, and closes the channel: the answer may still come', async () => {
    const { peer, subscription, deliveries, connection } = await subscribing();
    peer.hold('BasicConsume');
    const failed = expect(subscription.open()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    const server = await peer.accepts();
    const consume = await server.takes('BasicConsume');
    peer.hold('ChannelClose');
    jest.advanceTimersByTime(10_000);
    await failed;
    const close = await server.takes('ChannelClose');
    peer.release('BasicConsume', 'ChannelClose');
    server.write(server.answerTo(consume), server.delivery(consume.channel, 1), server.answerTo(close));
    await roundTrip(connection);
    expect([deliveries, settlements(server)]).toEqual([[], []]);
  });

  it('tries on another channel after 10 s, where it comes back from a lost one', async () => {
    const { peer, server, becomes, states } = await consuming();
    peer.hold('BasicConsume');
    server.closeChannel(1, 406, 'PRECONDITION_FAILED');
    await becomes('recovering');
    jest.advanceTimersByTime(1_000);
    const silent = await server.takes('BasicConsume');
    peer.release('BasicConsume');
    const recovered = becomes('consuming');
    const failed = becomes('recovering');
    jest.advanceTimersByTime(10_000);
    await failed;
    jest.advanceTimersByTime(1_000);
    await recovered;
    expect(server.log).toContain(`ChannelClose ${silent.channel}`);
    expect(states).toEqual(['recovering: Error', 'recovering: ConnectionClosedError', 'consuming']);
  });
});

describe('a subscription whose channel is closed by the broker', () => {
  it('consumes on another, and settles nothing there that came on the first', async () => {
    const { server, deliveries, becomes, states, connection } = await consuming();
    server.deliver(1, 1, { body: 'a' });
    await roundTrip(connection);
    const recovered = becomes('consuming');
    server.closeChannel(1, 406, 'PRECONDITION_FAILED - unknown delivery tag 9');
    await recovered;
    const [a] = deliveries;
    expect([a?.live, a?.ack(), a?.requeue(), a?.reject()]).toEqual([false, false, false, false]);
    server.deliver((await server.takes('BasicConsume')).channel, 1, { body: 'a', redelivered: true });
    await roundTrip(connection);
    expect(deliveries[1]?.requeue()).toBe(true);
    await roundTrip(connection);
    expect([states, settlements(server)]).toEqual([['recovering: Error', 'consuming'], ['BasicNack 1']]);
  });

  it('forgets an acknowledgement that waits: its tag is that of another message on the next channel', async () => {
    const { server, deliveries, becomes, connection } = await consuming({ prefetch: 1_000 });
    server.deliver(1, 1, { body: 'a' });
    await roundTrip(connection);
    const recovered = becomes('consuming');
    server.closeChannel(1, 406, 'PRECONDITION_FAILED');
    // It waits for others, or is written to a channel that is closing: either way it is not confirmed by anything.
    deliveries[0]?.ack();
    await recovered;
    server.deliver(1, 1, { body: 'b' });
    await roundTrip(connection);
    await roundTrip(connection);
    expect(settlements(server)).toEqual([]);
  });

  it.each([
    [
      'an acknowledgement that came too late',
      'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms',
      true,
    ],
    ['anything else', 'PRECONDITION_FAILED - unknown delivery tag 9', false],
  ])('over %s knows whether what is out is overdue', async (_what, text, overdue) => {
    const { server, deliveries, becomes, connection } = await consuming();
    server.deliver(1, 1);
    await roundTrip(connection);
    const recovered = becomes('consuming');
    server.closeChannel(1, 406, text);
    await recovered;
    expect(deliveries.map((delivery) => [delivery.live, delivery.overdue])).toEqual([[false, overdue]]);
  });

  it('declares what is missing, where its queue is gone, and consumes then', async () => {
    const { peer, server, becomes, restored, states } = await consuming();
    peer.hold('BasicConsume');
    server.closeChannel(1, 404, "NOT_FOUND - no queue 'q' in vhost '/'");
    const recovered = becomes('consuming');
    (await server.takes('BasicConsume')).refuse(404, "NOT_FOUND - no queue 'q' in vhost '/'");
    (await server.takes('BasicConsume')).answer();
    await recovered;
    expect([restored(), states]).toEqual([1, ['recovering: Error', 'consuming']]);
  });
});

describe('a subscription whose consumer the broker cancels', () => {
  it('consumes again on the same channel, where what runs can still be settled', async () => {
    const { server, deliveries, becomes, states, connection } = await consuming();
    server.deliver(1, 1, { body: 'a' });
    server.deliver(1, 2, { body: 'b' });
    await roundTrip(connection);
    const recovered = becomes('consuming');
    server.cancel(1);
    await roundTrip(connection);
    expect(deliveries[0]?.requeue()).toBe(true);
    await recovered;
    expect(deliveries[1]?.requeue()).toBe(true);
    server.deliver(1, 3, { body: 'c' });
    await roundTrip(connection);
    expect(deliveries[2]?.requeue()).toBe(true);
    await roundTrip(connection);
    expect(states).toEqual(['recovering: ConnectionClosedError', 'consuming']);
    expect(settlements(server)).toEqual(['BasicNack 1', 'BasicNack 1', 'BasicNack 1']);
    expect(server.count('ChannelOpen') - server.count('ChannelClose')).toBe(1);
  });

  it('cancels the old tag before it consumes: a broker may go on serving it', async () => {
    const { server, becomes } = await consuming();
    const recovered = becomes('consuming');
    server.cancel(1);
    await recovered;
    const order = server.log.filter((line) => line === 'BasicCancel 1' || line === 'BasicConsume 1');
    expect(order).toEqual(['BasicConsume 1', 'BasicCancel 1', 'BasicConsume 1']);
  });

  it('once more while it comes back is not taken for the consumer after it', async () => {
    const { peer, server, becomes, states, connection } = await consuming();
    peer.hold('BasicConsume');
    server.cancel(1);
    const again = await server.takes('BasicConsume');
    peer.release('BasicConsume');
    const recovered = becomes('consuming');
    server.write(server.answerTo(again), server.cancelling(1));
    await recovered;
    await roundTrip(connection);
    const lost = 'recovering: ConnectionClosedError';
    expect([server.count('BasicConsume'), states]).toEqual([3, [lost, lost, 'consuming']]);
  });

  it('over the loss of its queue declares what is missing first', async () => {
    const { peer, server, becomes, restored } = await consuming();
    peer.hold('QueueDeclare');
    const recovered = becomes('consuming');
    server.cancel(1);
    (await server.takes('QueueDeclare')).refuse(404, "NOT_FOUND - no queue 'q' in vhost '/'");
    await recovered;
    expect(restored()).toBe(1);
  });

  it.each(['BasicCancel', 'QueueDeclare', 'BasicConsume'] as const)(
    'comes back over the next connection, where it loses this one at %s',
    async (request) => {
      const { peer, server, becomes } = await consuming();
      peer.hold(request);
      server.cancel(1);
      // The first one of all is that of the start.
      await server.takes(request);
      peer.release(request);
      const recovered = becomes('consuming');
      server.drop();
      await recovered;
      const next = await peer.accepts();
      expect(next.log.filter((line) => line.startsWith('BasicConsume'))).toEqual(['BasicConsume 1']);
    },
  );
});

describe('a subscription whose connection is lost', () => {
  it('consumes over the next one, and settles nothing there that came over the first', async () => {
    const { peer, server, deliveries, becomes, states, connection } = await consuming();
    server.deliver(1, 1, { body: 'a' });
    await roundTrip(connection);
    const recovered = becomes('consuming');
    server.drop();
    const next = await peer.accepts();
    await recovered;
    expect([deliveries[0]?.live, deliveries[0]?.ack()]).toEqual([false, false]);
    next.deliver(1, 1, { body: 'b' });
    await roundTrip(connection);
    expect([settlements(next), states]).toEqual([[], ['recovering: ConnectionClosedError', 'consuming']]);
  });

  it('before it comes back comes back once', async () => {
    const { peer, server, becomes } = await consuming();
    peer.hold('BasicConsume');
    server.drop();
    const second = await peer.accepts();
    await second.takes('BasicConsume');
    peer.release('BasicConsume');
    const recovered = becomes('consuming');
    second.drop();
    const third = await peer.accepts();
    await recovered;
    expect(third.count('BasicConsume')).toBe(1);
  });
});

describe.each(WAYS)('a subscription that is cancelled, %s', (_way, isFast) => {
  beforeEach(() => {
    fastPath = isFast;
  });

  it('gives back what comes before the broker has answered, and can still settle what runs', async () => {
    const { peer, server, subscription, deliveries, connection } = await consuming();
    server.deliver(1, 1, { body: 'a' });
    await roundTrip(connection);
    peer.hold('BasicCancel');
    const cancelling = subscription.cancel();
    const cancel = await server.takes('BasicCancel');
    server.write(server.delivery(1, 2, { body: 'b' }), server.delivery(1, 3, { body: 'c' }), server.answerTo(cancel));
    await cancelling;
    expect(deliveries).toHaveLength(1);
    expect(deliveries[0]?.reject()).toBe(true);
    await roundTrip(connection);
    expect(settlements(server)).toEqual(['BasicNack 1', 'BasicNack 1', 'BasicNack 1']);
  });

  it.each<readonly [what: string, broken: (server: PeerConnection) => void]>([
    ['its channel is closed', (server) => server.closeChannel(1, 406, 'PRECONDITION_FAILED')],
    ['its connection is lost', (server) => server.drop()],
    ['its consumer is cancelled by the broker, too', (server) => server.cancel(1)],
  ])('does not come back when %s', async (_what, broken) => {
    const { peer, server, subscription, connection, becomes } = await consuming();
    await subscription.cancel();
    broken(server);
    const closed = becomes('closed');
    await subscription.close();
    await closed;
    const isLost = connection.model === undefined;
    const now = isLost ? await peer.accepts() : server;
    await connection.close();
    await now.ended;
    expect(now.count('BasicConsume')).toBe(isLost ? 0 : 1);
  });

  it('and closed sends the acknowledgements that wait before it closes its channel', async () => {
    const { server, subscription, deliveries, connection } = await consuming({ prefetch: 1_000 });
    for (const tag of [1, 2, 3]) server.deliver(1, tag);
    await roundTrip(connection);
    for (const delivery of deliveries) delivery.ack();
    await Promise.all([subscription.close(), subscription.close()]);
    const order = server.log.filter((line) => /^(?:BasicAck|ChannelClose) 1/.test(line));
    expect(order.slice(-2)).toEqual(['BasicAck 1', 'ChannelClose 1']);
    expect(deliveries.map((delivery) => delivery.requeue())).toEqual([false, false, false]);
  });

  it('while it comes back does not come back', async () => {
    const { peer, server, subscription, connection } = await consuming();
    peer.hold('BasicConsume');
    server.closeChannel(1, 406, 'PRECONDITION_FAILED');
    const consume = await server.takes('BasicConsume');
    peer.release('BasicConsume');
    await subscription.cancel();
    consume.answer();
    const cancel = await server.takes('BasicCancel');
    expect(cancel.fields['consumerTag']).toBe(server.consumerTag(1));
    await subscription.close();
    await roundTrip(connection);
    expect(server.count('BasicConsume')).toBe(2);
  });
});

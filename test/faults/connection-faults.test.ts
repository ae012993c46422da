import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { bounded, eventually } from '../support/bounded';
import { warningsDuring } from '../support/process-warnings';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';
import { closeBrokers, consuming, watchBroker } from './support/watched-broker';

/** Bytes that the broker answers until a connection is up, at most. */
const HANDSHAKE_BYTES = 700;

it('gives up on a peer that accepts and says nothing, in time, and leaves no socket', async () => {
  const sockets = new Set<unknown>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { broker } = watchBroker({ url: `amqp://127.0.0.1:${port}`, connectTimeoutMs: 200 });
  await expect(bounded('the refusal', broker.connect(), 5_000)).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    reason: 'timeout',
  });
  await eventually(
    'the socket to be closed',
    () => sockets.size,
    (open) => open === 0,
  );
  await broker.close();
  silent.close();
});

describe.each(TESTED_SERIES)('the network between a service and RabbitMQ %s', (series) => {
  let server: TestBroker;
  let proxy: TcpProxy;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
  }, 120_000);
  beforeEach(async () => {
    proxy = await startProxy({ targetPort: server.port });
  });
  afterEach(async () => {
    await closeBrokers();
    proxy.dispose();
  });
  afterAll(() => server.dispose(), 60_000);

  it.each([
    ['nothing goes through any more', () => proxy.pause()],
    ['the broker is no longer heard', () => proxy.pauseServerToClient()],
    ['the broker has closed its side alone', () => proxy.halfClose()],
  ])('notices that %s, and comes back', async (_, breakIt) => {
    const watched = watchBroker({ url: proxy.url(server.url) });
    const { roundTrip } = await consuming(watched);
    const told = watched.connections.length;
    const names = new Set(watched.connections.map(({ subject }) => subject));
    breakIt();
    // What was told, not what is: one that can come back at once is back before anybody looks.
    const lost = () => watched.connections.slice(told).filter(({ state }) => state === 'connecting');
    await eventually(
      'every connection to be lost',
      () => new Set(lost().map(({ subject }) => subject)).size,
      (count) => count === names.size,
      20_000,
    );
    expect(lost()[0]?.error).toMatchObject({ code: 'CONNECTION_CLOSED' });
    await eventually(
      'the consumer to be lost',
      () => watched.subscriptions.map(({ state }) => state),
      (states) => states.includes('recovering'),
    );
    proxy.resume();
    await watched.subscriptionBecomes('consuming');
    await roundTrip('after');
  });

  it('comes back once, with one consumer, after the broker was suspended for longer than the heartbeats', async () => {
    const watched = watchBroker({ url: server.url });
    const { queue, bodies, roundTrip } = await consuming(watched);
    await server.suspend();
    let publishing: Promise<void>;
    try {
      publishing = watched.publish(queue, 'meanwhile', 60_000);
      await watched.connectionsBecome('connecting');
    } finally {
      await server.resume();
    }
    await watched.subscriptionBecomes('consuming');
    await bounded('the confirm of what was published meanwhile', publishing, 30_000);
    await roundTrip('after');
    expect(bodies).toContain('meanwhile');
    await eventually(
      'one consumer alone',
      () => server.ctl('list_consumers', 'queue_name'),
      (list) => list.split('\n').filter((line) => line === queue).length === 1,
    );
  }, 60_000);

  it('publishes again what was on its way when the connection was reset', async () => {
    const watched = watchBroker({ url: proxy.url(server.url) });
    const { queue, bodies: arrived, roundTrip } = await consuming(watched);
    const bodies = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    const all = Promise.all(bodies.map((body) => watched.publish(queue, body)));
    proxy.cut();
    await bounded('every confirm', all);
    await roundTrip('after');
    await eventually(
      'every message',
      () => bodies.filter((body) => !arrived.has(body)),
      (missing) => missing.length === 0,
    );
  });

  it('fails with a reason when it is cut at any byte of the handshake, and leaves no socket', async () => {
    const reasons = new Set<string>();
    for (let bytes = 0; bytes <= HANDSHAKE_BYTES; bytes += 13) {
      proxy.cutAfter(bytes);
      const { broker } = watchBroker({ url: proxy.url(server.url) });
      const failure = await bounded(
        `an answer after ${bytes} bytes`,
        broker.connect().then(
          () => undefined,
          (error: { code?: string; reason?: string }) => error,
        ),
      );
      if (failure !== undefined) {
        expect(failure).toMatchObject({ code: 'CONNECTION_FAILED' });
        reasons.add(String(failure.reason));
      }
      await broker.close();
    }
    expect([...reasons]).toEqual(['unreachable']);
    await eventually(
      'every socket to be closed',
      () => proxy.open,
      (open) => open === 0,
    );
  }, 60_000);

  it('comes back after it was cut at every step of its recovery', async () => {
    const watched = watchBroker({ url: proxy.url(server.url) });
    const { roundTrip } = await consuming(watched);
    for (const bytes of [0, 300, 560, 600, 640, 700, 1_000, 1_500, 2_000]) {
      proxy.cutAfter(bytes);
      const { accepted } = proxy;
      proxy.cut();
      await eventually(
        `an attempt that ends after ${bytes} bytes`,
        () => proxy.accepted - accepted,
        (attempts) => attempts >= 2,
      );
    }
    proxy.cutAfter(undefined);
    proxy.cut();
    await watched.subscriptionBecomes('consuming');
    await roundTrip('after');
  }, 60_000);

  it('asks a broker that flaps ever less often, and hangs nothing onto its emitters', async () => {
    const warnings = await warningsDuring(async () => {
      const watched = watchBroker({ url: proxy.url(server.url) });
      const { roundTrip } = await consuming(watched);
      proxy.cutAfter(HANDSHAKE_BYTES);
      const { accepted } = proxy;
      const since = performance.now();
      proxy.cut();
      await eventually(
        'three seconds of it',
        () => performance.now() - since,
        (elapsed) => elapsed > 3_000,
      );
      // Two connections; without a growing pause each would ask hundreds of times.
      expect(proxy.accepted - accepted).toBeLessThan(60);
      proxy.cutAfter(undefined);
      proxy.cut();
      await watched.subscriptionBecomes('consuming');
      await roundTrip('after');
    });
    expect(warnings).toEqual([]);
  }, 60_000);

  it('comes back when an operator closes every connection, and says who it was', async () => {
    const watched = watchBroker({ url: server.url });
    const { roundTrip } = await consuming(watched);
    await server.ctl('close_all_connections', 'maintenance tonight');
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    const told = watched.connections.filter(({ error }) => error !== undefined).map(({ error }) => error?.message);
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told[0]).toContain('maintenance tonight');
    await roundTrip('after');
  }, 60_000);
});

import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../support/bounded';
import { warningsDuring } from '../support/process-warnings';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';
import { closeBrokers, consuming, watchBroker } from './support/watched-broker';

/** A connection that is cut again and again waits longer and longer, so several services share the work. */
const SERVICES = 5;
const ROUNDS = 20;

describe.each(TESTED_SERIES)('after 100 forced reconnects to RabbitMQ %s', (series) => {
  let server: TestBroker;
  let proxy: TcpProxy;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
    proxy = await startProxy({ targetPort: server.port });
  }, 120_000);
  afterAll(async () => {
    await closeBrokers();
    proxy.dispose();
    await server.dispose();
  }, 60_000);

  /** What the broker holds. */
  const held = async () => {
    const count = async (word: RegExp, ...args: readonly string[]): Promise<number> =>
      (await server.ctl(...args)).split('\n').filter((line) => word.test(line)).length;
    return {
      connections: await count(/warren:/, 'list_connections', 'client_properties'),
      channels: await count(/^\d+\s/, 'list_channels', 'number', 'connection'),
      consumers: await count(/^faulty\./, 'list_consumers', 'queue_name'),
    };
  };

  /** Jest itself fails a test during which a rejection went unhandled. */
  it('nothing is left of them: no rejection, listener, timer, socket, channel or consumer', async () => {
    const timersAtFirst = timers();
    expect(await warningsDuring(reconnectOften)).toEqual([]);
    await closeBrokers();
    await eventually(
      'every socket to be closed',
      () => proxy.open,
      (open) => open === 0,
    );
    const nothing = { connections: 0, channels: 0, consumers: 0 };
    await eventually('the broker to hold nothing', held, (now) => isDeepStrictEqual(now, nothing));
    await eventually('no timer of theirs', timers, (count) => count <= timersAtFirst);
  }, 300_000);

  const reconnectOften = async (): Promise<void> => {
    const services = Array.from({ length: SERVICES }, () => watchBroker({ url: proxy.url(server.url) }));
    const consumers = await Promise.all(services.map(consuming));
    const before = await held();
    expect(before).toEqual({ connections: 2 * SERVICES, channels: 3 * SERVICES, consumers: SERVICES });
    const timersBefore = timers();

    const connected = (): number =>
      services.flatMap(({ connections }) => connections).filter(({ state }) => state === 'connected').length;
    for (let round = 1; round <= ROUNDS; round++) {
      const since = connected();
      proxy.cut();
      await eventually(
        `every connection of round ${round}`,
        () => connected() - since,
        (count) => count === 2 * SERVICES,
        20_000,
      );
    }
    await Promise.all(services.map((service) => service.subscriptionBecomes('consuming')));
    await Promise.all(consumers.map(({ roundTrip }) => roundTrip('after')));
    expect(proxy.open).toBe(2 * SERVICES);
    await eventually('the broker to hold as much as before', held, (now) => isDeepStrictEqual(now, before));
    // One sweep of publishes, one second of rest, one refresh of the plan for each at most.
    expect(timers()).toBeLessThanOrEqual(timersBefore + 3 * SERVICES);
  };
});

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

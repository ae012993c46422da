import { inspect } from 'node:util';
import { bounded, eventually } from '../support/bounded';
import { freePort } from '../support/rabbitmq/free-port';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';
import { closeBrokers, consuming, type WatchedBroker, watchBroker } from './support/watched-broker';

const CANARY = 'canary-71c0';

describe.each(sharedBrokers())('several hosts of RabbitMQ $series', ({ url }) => {
  const proxies: TcpProxy[] = [];
  const target = Number(new URL(url).port);

  /** Ways to one and the same broker, which stand for the nodes of a cluster. */
  const hosts = async (count: number): Promise<readonly TcpProxy[]> => {
    for (let index = 0; index < count; index++) proxies.push(await startProxy({ targetPort: target }));
    return proxies;
  };

  afterEach(async () => {
    await closeBrokers();
    for (const proxy of proxies.splice(0)) proxy.dispose();
  });

  const labelOf = ({ port }: { readonly port: number }): string => `amqp://127.0.0.1:${port}`;
  const urlsOf = (all: readonly TcpProxy[]): readonly string[] => all.map((proxy) => proxy.url(url));
  const saidOf = (watched: WatchedBroker) => watched.connections.filter(({ error }) => error !== undefined);

  it('finds the one that lives, whichever it begins with, and tells of those that do not', async () => {
    const [dead = 0, alsoDead = 0] = [await freePort(), await freePort()];
    const [alive] = await hosts(1);
    const urls = [dead, alsoDead].map((port) => `amqp://guest:guest@127.0.0.1:${port}`).concat(urlsOf(proxies));
    const watched = watchBroker({ url: urls });
    expect(watched.broker.address).toBe(
      [dead, alsoDead, alive?.port].map((port) => labelOf({ port: port ?? 0 })).join(', '),
    );
    await consuming(watched);
    expect(watched.broker.address).toBe(labelOf(alive as TcpProxy));
    for (const { address, error } of saidOf(watched)) {
      expect([labelOf({ port: dead }), labelOf({ port: alsoDead })]).toContain(address);
      expect(error).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'unreachable' });
    }
  });

  it('goes to the next host when one is lost, and names both', async () => {
    await hosts(3);
    const watched = watchBroker({ url: urlsOf(proxies) });
    const { roundTrip } = await consuming(watched);
    for (let round = 0; round < 3; round++) {
      const at = watched.broker.address;
      const lost = proxies.find((proxy) => labelOf(proxy) === at) as TcpProxy;
      lost.refuse();
      lost.cut();
      await eventually(
        'another host',
        () => watched.broker.address,
        (address) => address !== at,
      );
      await watched.connectionsBecome('connected');
      await watched.subscriptionBecomes('consuming');
      await roundTrip(`after ${round}`);
      expect(saidOf(watched).some(({ address, error }) => address === at && inspect(error).includes('CLOSED'))).toBe(
        true,
      );
      await lost.accept();
    }
  }, 60_000);

  it('goes on to the next host when one swallows everything', async () => {
    await hosts(2);
    const watched = watchBroker({ url: urlsOf(proxies) });
    const { roundTrip } = await consuming(watched);
    const lost = proxies.find((proxy) => labelOf(proxy) === watched.broker.address) as TcpProxy;
    lost.pause();
    await eventually(
      'the loss',
      () => saidOf(watched).length,
      (count) => count > 0,
    );
    expect(saidOf(watched)[0]).toMatchObject({ address: labelOf(lost), error: { code: 'CONNECTION_CLOSED' } });
    await watched.connectionsBecome('connected');
    await watched.subscriptionBecomes('consuming');
    await roundTrip('after');
  }, 60_000);

  it('says that one host refuses the password though another lets in, and shows none', async () => {
    const [refusing, welcoming] = await hosts(2);
    const wrong = (refusing as TcpProxy).url(url.replace('guest:guest', `guest:${CANARY}`));
    // Which comes first is a matter of luck: each loss moves on to the next.
    const watched = watchBroker({ url: [wrong, (welcoming as TcpProxy).url(url)] });
    const { roundTrip } = await consuming(watched);
    const refusals = () => saidOf(watched).filter(({ error }) => inspect(error).includes("reason: 'credentials'"));
    if (refusals().length === 0) (welcoming as TcpProxy).cut();
    await eventually(
      'the refusal',
      () => refusals().length,
      (count) => count > 0,
    );
    expect(refusals()[0]).toMatchObject({ address: labelOf(refusing as TcpProxy) });
    await watched.connectionsBecome('connected');
    await watched.subscriptionBecomes('consuming');
    await roundTrip('after');
    expect(inspect([watched.connections, watched.subscriptions, watched.broker], { depth: 12 })).not.toContain(CANARY);
  });

  it('fails at once at start when every host fails, with the reason that no waiting heals', async () => {
    const dead = await freePort();
    const [refusing] = await hosts(1);
    const wrong = (refusing as TcpProxy).url(url.replace('guest:guest', `guest:${CANARY}`));
    const watched = watchBroker({ url: [`amqp://guest:${CANARY}@127.0.0.1:${dead}`, wrong] });
    const failure = await bounded(
      'the refusal',
      watched.broker.connect().catch((error: unknown) => error),
      5_000,
    );
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'credentials' });
    expect((failure as Error).message).toContain('ECONNREFUSED');
    expect((failure as Error).message).toContain('ACCESS_REFUSED');
    expect(inspect([failure, watched.connections], { depth: 12 })).not.toContain(CANARY);
  });
});

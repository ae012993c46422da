import { inspect } from 'node:util';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { closeBrokers, consuming, type WatchedBroker, watchBroker } from './support/watched-broker';

const PASSWORD = 'canary-5f2c';
const NEW_PASSWORD = 'canary-9d1e';

describe.each(TESTED_SERIES)('what RabbitMQ %s refuses', (series) => {
  let server: TestBroker;
  const urlOf = (user: string, vhost = ''): string => server.url.replace('guest:guest', `${user}:${PASSWORD}`) + vhost;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
    await server.ctl('add_user', 'worker', PASSWORD);
  }, 120_000);
  beforeEach(async () => {
    await server.ctl('change_password', 'worker', PASSWORD);
    await server.ctl('set_permissions', 'worker', '.*', '.*', '.*');
  }, 60_000);
  afterEach(closeBrokers);
  afterAll(() => server.dispose(), 60_000);

  const expectNoPassword = (...said: readonly unknown[]): void => {
    expect(inspect(said, { depth: 12 }) + JSON.stringify(said)).not.toContain('canary');
  };

  const lastError = (watched: WatchedBroker): unknown => watched.connections.at(-1)?.error;

  it.each([
    ['a password that is wrong', () => urlOf('guest'), 'credentials'],
    ['a virtual host that does not exist', () => urlOf('worker', '/nowhere'), 'vhost'],
    ['TLS on a port without it', () => urlOf('worker').replace('amqp:', 'amqps:'), 'tls'],
  ])('fails at once at start for %s, with the reason', async (_, url, reason) => {
    const watched = watchBroker({ url: url(), connectTimeoutMs: 10_000 });
    const failure: unknown = await bounded(
      'the refusal',
      watched.broker.connect().catch((error: unknown) => error),
      5_000,
    );
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason });
    expectNoPassword(failure, watched.connections);
  });

  it('retries a password that was changed while connected, says so, and shows none', async () => {
    const watched = watchBroker({ url: urlOf('worker') });
    const { roundTrip } = await consuming(watched);
    await server.ctl('change_password', 'worker', NEW_PASSWORD);
    await server.ctl('close_all_connections', 'rotation');
    await eventually(
      'the refusal to be told',
      () => lastError(watched),
      (error) => inspect(error).includes('credentials'),
    );
    expect(lastError(watched)).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'credentials' });
    await server.ctl('change_password', 'worker', PASSWORD);
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
    // Once a connection, not at every attempt.
    expect(watched.connections.filter(({ error }) => inspect(error).includes('credentials')).length).toBeLessThan(3);
    expectNoPassword(watched.connections, watched.subscriptions, watched.broker);
  }, 60_000);

  it('waits for a permission on the virtual host that was taken away, and says which', async () => {
    const watched = watchBroker({ url: urlOf('worker') });
    const { roundTrip } = await consuming(watched);
    await server.ctl('clear_permissions', 'worker');
    await server.ctl('close_all_connections', 'permissions');
    await eventually(
      'the refusal to be told',
      () => lastError(watched),
      (error) => inspect(error).includes('vhost'),
    );
    expect(lastError(watched)).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'vhost' });
    await server.ctl('set_permissions', 'worker', '.*', '.*', '.*');
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
  }, 60_000);

  it('waits for a virtual host that was deleted, says so, and declares its queues again when it is back', async () => {
    const vhost = `gone-${series}`;
    const create = async (): Promise<void> => {
      await server.ctl('add_vhost', vhost);
      await server.ctl('set_permissions', '-p', vhost, 'worker', '.*', '.*', '.*');
    };
    await create();
    const watched = watchBroker({ url: urlOf('worker', `/${vhost}`) });
    const { roundTrip } = await consuming(watched);
    await server.ctl('delete_vhost', vhost);
    await eventually(
      'the refusal to be told',
      () => lastError(watched),
      (error) => inspect(error).includes("reason: 'vhost'"),
    );
    await create();
    await watched.subscriptionBecomes('consuming');
    await watched.connectionsBecome('connected');
    await roundTrip('after');
    expectNoPassword(watched.connections, watched.subscriptions);
  }, 60_000);

  it('says what may not be consumed or published any more, and goes on once it may', async () => {
    const watched = watchBroker({ url: urlOf('worker') });
    const { queue, roundTrip } = await consuming(watched);
    await server.ctl('set_permissions', 'worker', '.*', '^$', '^$');
    await server.ctl('close_all_connections', 'permissions');
    await eventually(
      'the refusal to be told',
      () => watched.subscriptions.at(-1),
      (last) => last?.state === 'recovering' && inspect(last.error).includes('ACCESS_REFUSED'),
    );
    expect(watched.subscriptions.at(-1)?.error).toMatchObject({
      code: 'ACCESS_REFUSED',
      operation: `consume queue "${queue}"`,
    });
    await watched.connectionsBecome('connected');
    await expect(bounded('the refusal', watched.publish(queue, 'refused'))).rejects.toMatchObject({
      code: 'PUBLISH_REFUSED',
      replyCode: 403,
    });
    await server.ctl('set_permissions', 'worker', '.*', '.*', '.*');
    await watched.subscriptionBecomes('consuming');
    await roundTrip('after');
  }, 60_000);
});

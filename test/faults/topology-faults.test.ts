import { type ChannelModel, connect } from 'amqplib';
import { Task, TaskQueue } from '../../src';
import { exchange, quorumQueue, toExchange, topology, toQueue } from '../conformance/broker/topologies';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { closeBrokers, consuming, watchBroker } from './support/watched-broker';

describe.each(TESTED_SERIES)('what somebody deletes on RabbitMQ %s', (series) => {
  let server: TestBroker;
  let admin: ChannelModel;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
  }, 120_000);
  beforeEach(async () => {
    admin = await connect(server.url);
    admin.on('error', () => undefined);
  });
  afterEach(async () => {
    await closeBrokers();
    await stopApps();
    await admin.close().catch(() => undefined);
  });
  afterAll(() => server.dispose(), 60_000);

  it('declares a deleted queue again, consumes it, and tells of it once', async () => {
    const watched = watchBroker({ url: server.url });
    const { queue, roundTrip } = await consuming(watched);
    const channel = await admin.createChannel();
    await channel.deleteQueue(queue);
    await eventually(
      'the next consumer',
      () => watched.subscriptions.map(({ state }) => state).join(),
      (states) => /^consuming(,recovering)+,consuming$/.test(states),
    );
    await roundTrip('after');
  });

  it('fails the one message whose exchange is missing, and no other, and declares that exchange again', async () => {
    const watched = watchBroker({ url: server.url });
    const { queue, roundTrip } = await consuming(watched);
    const name = uniqueName('shop');
    await watched.broker.applyTopology(
      topology({
        exchanges: [exchange(name, 'direct')],
        queues: [quorumQueue(queue)],
        bindings: [toQueue(name, queue, 'k')],
      }),
      'assert',
    );
    const to = (target: string) =>
      watched.broker.publisher.publish({
        exchange: target,
        routingKey: 'k',
        body: Buffer.from(target),
        properties: {},
      });
    const settled = await bounded(
      'every answer',
      Promise.allSettled(Array.from({ length: 100 }, (_, index) => to(index === 50 ? 'nowhere' : name))),
    );
    expect(settled.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'PUBLISH_REFUSED', replyCode: 404 } },
    ]);
    await (await admin.createChannel()).deleteExchange(name);
    await expect(bounded('the refusal', to(name))).rejects.toMatchObject({ code: 'PUBLISH_REFUSED' });
    await eventually(
      'the exchange to be there again',
      () =>
        to(name).then(
          () => true,
          () => false,
        ),
      (there) => there,
    );
    await roundTrip('after');
  });

  it('declares an exchange between others again soon after a reconnect, since nobody misses it', async () => {
    const watched = watchBroker({ url: server.url });
    await watched.broker.connect();
    const [first, second, queue] = [uniqueName('first'), uniqueName('second'), uniqueName('faulty')];
    await watched.broker.applyTopology(
      topology({
        exchanges: [exchange(first, 'fanout'), exchange(second, 'fanout')],
        queues: [quorumQueue(queue)],
        bindings: [toExchange(first, second), toQueue(second, queue)],
      }),
      'assert',
    );
    await (await admin.createChannel()).deleteExchange(second);
    await server.ctl('close_all_connections', 'maintenance');
    await watched.connectionsBecome('connected');
    await eventually(
      'a message through both exchanges',
      () =>
        watched.broker.publisher
          .publish({ exchange: first, routingKey: '', body: Buffer.from('through'), properties: {} })
          .then(
            () => true,
            () => false,
          ),
      (through) => through,
      20_000,
    );
  }, 60_000);

  it('brings delayed tasks home after the exchange that delivers them was deleted and the broker restarted', async () => {
    const queue = uniqueName('delayed');
    const done: number[] = [];
    @TaskQueue(queue)
    class Delayed {
      @Task({ payload: 'unchecked' })
      work({ n }: { n: number }): void {
        done.push(n);
      }
    }
    const app = await startApp({ url: server.url, tasks: [Delayed], heartbeat: '1s' });
    const channel = await admin.createChannel();
    await app.client.of(Delayed).work({ n: 1 }, { delay: '250ms' });
    await eventually(
      'the first task',
      () => done,
      (all) => all.includes(1),
    );
    await channel.deleteExchange('warren.delay.deliver');
    await server.stop();
    await server.start();
    // Asked for before the next task: a message that is due while it is gone waits for the broker's own retry, 3 minutes.
    await eventually(
      'the way home',
      () => server.ctl('list_bindings', 'source_name', 'destination_name'),
      (bindings) => bindings.includes(`warren.delay.deliver\t${queue}`),
      30_000,
    );
    await bounded('the enqueue', app.client.of(Delayed).work({ n: 2 }, { delay: '250ms' }));
    await eventually(
      'the second task',
      () => done,
      (all) => all.includes(2),
    );
  }, 120_000);
});

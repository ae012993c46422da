import type { Broker } from '../../../src/broker/broker';
import { EventBus } from '../../../src/events/event-bus';
import type { AppHealth } from '../../../src/health/app-health';
import { HealthWatch, type WatchedConsumer } from '../../../src/health/health-watch';
import { MemoryServer } from '../../../src/memory/memory-server';
import { systemClock } from '../../../src/time/system-clock';
import { QueueConsumer } from '../../../src/worker/queue-consumer';
import { quorumQueue, topology } from '../../conformance/broker/topologies';
import { bounded, eventually } from '../../support/bounded';

const now = (): number => performance.now();
const brokers: Broker[] = [];
afterEach(() => Promise.all(brokers.splice(0).map((broker) => broker.close())));

const capabilities = { isServer: true, countsAtOnce: false, fastPath: { on: true, reason: undefined } };

/** A consumer of the queue "jobs" on an embedded broker, and what its health was whenever something changed. */
async function watched(mode: 'assert' | 'verify' = 'assert') {
  const server = new MemoryServer({ clock: systemClock });
  const events = new EventBus();
  const broker = server.connect({
    events: {
      onConnection: (name, state, error, address) =>
        events.emit('connection:changed', { name, state, address, error, fastPath: undefined }),
      onSubscription: (queue, state, error) => events.emit('subscription:changed', { queue, state, error }),
    },
  });
  brokers.push(broker);
  const consumer = new QueueConsumer({ name: 'jobs', concurrency: 2, prefetch: 2 }, broker, async (delivery) => {
    delivery.ack();
  });
  const watch = new HealthWatch({ events, broker, consumers: [consumer], appState: () => 'started', now, loop });
  const seen: AppHealth[] = [];
  for (const event of ['connection:changed', 'subscription:changed'] as const) {
    events.on(event, () => void seen.push(watch.look()));
  }
  await broker.connect();
  const plan = topology({ queues: [quorumQueue('jobs')] });
  await broker.applyTopology(plan, 'assert');
  await broker.applyTopology(plan, mode);
  await consumer.start();
  seen.length = 0;
  const ready = () =>
    eventually(
      'ready',
      () => watch.look(),
      (health) => health.ready,
    );
  await ready();
  return { server, consumer, watch, seen, ready };
}

const loop = { start: () => undefined, stop: () => undefined, lastBlock: undefined };

it('is not ready while the connection is lost, and ready when it is back', async () => {
  const { server, seen, ready } = await watched();
  server.dropConnections();
  await ready();
  expect(seen.filter((health) => !health.ready).at(0)?.reasons).toMatchObject([
    { code: 'connection-lost', message: expect.stringContaining('was told to drop') as string },
  ]);
  expect(seen.every(({ live }) => live)).toBe(true);
});

it('is not ready while its queue is gone, and ready when it was declared again', async () => {
  const { server, seen, ready } = await watched();
  server.deleteQueue('jobs');
  await ready();
  expect(seen[0]?.reasons).toMatchObject([
    { code: 'not-consuming', message: expect.stringContaining('the broker cancelled the consumer') as string },
  ]);
});

it('stays not ready where nobody may declare the queue again', async () => {
  const { server, watch, consumer } = await watched('verify');
  server.deleteQueue('jobs');
  await bounded(
    'an answer',
    consumer.ping().catch(() => undefined),
  );
  expect(watch.look()).toMatchObject({ live: true, ready: false, consumers: [{ state: 'recovering' }] });
});

it('does not take a consumer for the one before it, which ended late', async () => {
  const { consumer, ready } = await watched();
  await consumer.pause();
  await consumer.start();
  expect((await ready()).consumers).toMatchObject([{ state: 'consuming', healthy: true }]);
});

it('looks through a consumer that says that it consumes, where the broker has none', async () => {
  const missing = new Error('The broker knows no consumer of the queue "jobs"');
  let answer: () => Promise<void> = () => Promise.reject(missing);
  const consumer: WatchedConsumer = {
    name: 'jobs',
    concurrency: 1,
    running: 0,
    wanted: true,
    state: 'consuming',
    ping: () => answer(),
  };
  const broker = { publishingConnection: 'warren:publish', ping: () => Promise.resolve(), capabilities };
  const watch = new HealthWatch({
    events: new EventBus(),
    broker,
    consumers: [consumer],
    appState: () => 'started',
    now,
    loop,
  });
  watch.look();
  const sick = await eventually(
    'not ready',
    () => watch.look(),
    ({ ready }) => !ready,
  );
  expect(sick).toMatchObject({
    live: true,
    reasons: [{ code: 'consumer-silent', message: expect.stringContaining(missing.message) as string }],
    consumers: [{ state: 'consuming', healthy: false }],
  });
  answer = () => Promise.resolve();
  await eventually(
    'ready again',
    () => watch.look(),
    ({ ready }) => ready,
  );
});

it('asks for a restart only when every slot has been overdue for a minute', async () => {
  let time = 0;
  const state = { name: 'jobs', concurrency: 2, running: 2, overdue: 0, wanted: true, state: 'consuming' as const };
  const consumer = Object.assign(state, { ping: () => Promise.resolve() });
  const broker = { publishingConnection: 'warren:publish', ping: () => Promise.resolve(), capabilities };
  const watch = new HealthWatch({
    events: new EventBus(),
    broker,
    consumers: [consumer],
    appState: () => 'started',
    now: () => time,
    loop,
  });
  const at = (ms: number, overdue: number): string => {
    time = ms;
    consumer.overdue = overdue;
    const { live, ready, degraded } = watch.look();
    return Object.entries({ live, ready, degraded })
      .flatMap(([name, claim]) => (claim ? [name] : []))
      .join();
  };
  expect(at(0, 1)).toBe('live,ready,degraded');
  expect(at(2_000, 2)).toBe('live');
  expect(at(61_000, 2)).toBe('live');
  await Promise.resolve();
  expect(at(61_500, 1)).toBe('live,ready,degraded');
  await Promise.resolve();
  expect(at(62_000, 2)).toBe('live');
  expect(at(122_000, 2)).toBe('');
});

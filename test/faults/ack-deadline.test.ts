import { Task, type TaskContext, TaskQueue, type WarrenEvents } from '../../src';
import type { Delivery } from '../../src/broker/broker';
import { classicQueue, quorumQueue, topology } from '../conformance/broker/topologies';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startImpatientBroker } from '../support/rabbitmq/impatient-broker';
import { closeBrokers, watchBroker } from './support/watched-broker';

const ACK_TIMEOUT_MS = 1_000;

/** A task that runs until it is let go. */
function patientTask(timeout: '1h' | 0) {
  const queue = uniqueName('patient');
  const runs: TaskContext[] = [];
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  @TaskQueue(queue, { concurrency: 5, timeout })
  class Patient {
    @Task({ payload: 'unchecked' })
    async work(_payload: unknown, task: TaskContext): Promise<void> {
      runs.push(task);
      await gate;
    }
  }
  return { type: Patient, queue, runs, letGo: () => letGo() };
}

const longerThanTheBrokerWaits = async (): Promise<void> => {
  const since = performance.now();
  await eventually(
    'twice the acknowledgement timeout to pass',
    () => performance.now() - since,
    (elapsed) => elapsed > 2 * ACK_TIMEOUT_MS,
  );
};

describe.each(TESTED_SERIES)('the acknowledgement timeout of RabbitMQ %s', (series) => {
  let server: TestBroker;

  beforeAll(async () => {
    server = await startImpatientBroker(series, ACK_TIMEOUT_MS);
  }, 120_000);
  afterEach(async () => {
    await closeBrokers();
    await stopApps();
  });
  afterAll(() => server.dispose(), 60_000);

  const start = async (type: new () => object) => {
    const warnings: WarrenEvents['worker:ack-timeout'][] = [];
    const lost: (Error | undefined)[] = [];
    const app = await startApp({
      url: server.url,
      tasks: [type],
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: (fields) => {
          if ('brokerDefaultMs' in fields) warnings.push(fields as unknown as WarrenEvents['worker:ack-timeout']);
        },
        error: () => undefined,
      },
    });
    app.on('subscription:changed', ({ state, error }) => state === 'recovering' && lost.push(error));
    const completed: string[] = [];
    app.on('task:completed', ({ id }) => completed.push(id));
    return { app, warnings, lost, completed };
  };

  if (series === '4.3') {
    it.each(['1h', 0] as const)(
      'is set from the tasks: with timeout %s one runs on, once, and is acknowledged',
      async (timeout) => {
        const { type, queue, runs, letGo } = patientTask(timeout);
        const { app, warnings, lost, completed } = await start(type);
        const { id } = await app.client.of(type).work({});
        await eventually(
          'the task to begin',
          () => runs.length,
          (count) => count === 1,
        );
        await longerThanTheBrokerWaits();
        letGo();
        await eventually(
          'the end of the task',
          () => completed,
          (ids) => ids.includes(id),
        );
        expect([runs.length, lost, warnings]).toEqual([1, [], []]);
        await app.stop();
        expect(await server.ctl('list_queues', 'name', 'messages')).toContain(`${queue}\t0`);
      },
    );

    it('does not bind a classic queue, which could not be told', async () => {
      const queue = uniqueName('classic');
      const watched = watchBroker({ url: server.url });
      await watched.broker.connect();
      await watched.broker.applyTopology(topology({ queues: [classicQueue(queue)] }), 'assert');
      const deliveries: Delivery[] = [];
      await watched.broker.subscribe({ queue, prefetch: 1, onDelivery: (delivery) => deliveries.push(delivery) });
      await watched.publish(queue, 'one');
      await eventually(
        'the delivery',
        () => deliveries.length,
        (count) => count === 1,
      );
      await longerThanTheBrokerWaits();
      expect([watched.subscriptions.length, deliveries.length, deliveries[0]?.ack()]).toEqual([1, 1, true]);
    });
  } else {
    it('cannot be set: a worker warns at its start, and when a channel is closed over it, says what to do and goes on', async () => {
      const { type, queue, runs, letGo } = patientTask('1h');
      const { app, warnings, lost, completed } = await start(type);
      expect(warnings).toMatchObject([{ queue, brokerDefaultMs: 1_800_000 }]);
      const { id } = await app.client.of(type).work({});
      await eventually(
        'the same task, again',
        () => runs.map((run) => [run.id, run.attempt]),
        (all) => all.length === 2,
      );
      expect(runs.map((run) => [run.id, run.attempt, run.redelivered])).toEqual([
        [id, 1, false],
        [id, 1, true],
      ]);
      letGo();
      await eventually(
        'the end of the run that the broker still waits for',
        () => completed,
        (ids) => ids.length >= 1,
      );
      expect(lost[0]).toMatchObject({ code: 'ACK_TIMEOUT', queue });
      expect(lost[0]?.message).toContain('consumer_timeout');
      await app.client.of(type).work({});
      await eventually(
        'the next task',
        () => completed.length,
        (count) => count >= 2,
      );
      await eventually(
        'an empty queue',
        () => server.ctl('list_queues', 'name', 'messages'),
        (list) => list.includes(`${queue}\t0`) && list.includes(`${queue}.dead\t0`),
      );
      // The first run ended on a channel that was closed: nothing of it was settled.
      expect(completed.filter((each) => each === id)).toEqual([id]);
    });
  }

  it('takes back what a consumer did not ask more time for: it consumes again, and a late settlement harms nothing', async () => {
    const watched = watchBroker({ url: server.url });
    const queue = uniqueName('overdue');
    await watched.broker.connect();
    await watched.broker.applyTopology(topology({ queues: [quorumQueue(queue)] }), 'assert');
    const deliveries: Delivery[] = [];
    await watched.broker.subscribe({ queue, prefetch: 10, onDelivery: (delivery) => deliveries.push(delivery) });
    const all = (body: string) => deliveries.filter((delivery) => delivery.body.toString() === body);
    await watched.publish(queue, 'late');
    const again = await eventually(
      'the same again',
      () => all('late')[1],
      (delivery) => delivery !== undefined,
    );
    expect(watched.subscriptions.map(({ state }) => state).slice(0, 3)).toEqual([
      'consuming',
      'recovering',
      'consuming',
    ]);
    // Since 4.3 the channel lives, and an acknowledgement of what is somebody else's is ignored; before, it went with the channel.
    expect(all('late')[0]?.ack()).toBe(series === '4.3');
    expect(again?.ack()).toBe(true);
    const told = watched.subscriptions.length;
    await bounded('a confirm', watched.publish(queue, 'after'));
    await eventually(
      'the next delivery',
      () => all('after').length,
      (count) => count === 1,
    );
    expect(all('after')[0]?.ack()).toBe(true);
    expect(watched.subscriptions.length).toBe(told);
  });

  it('takes back several, one after the other or when their channel ends, and each comes to be settled', async () => {
    const watched = watchBroker({ url: server.url });
    const queue = uniqueName('several');
    await watched.broker.connect();
    await watched.broker.applyTopology(topology({ queues: [quorumQueue(queue)] }), 'assert');
    const held = new Set<string>();
    const settled = new Set<string>();
    await watched.broker.subscribe({
      queue,
      prefetch: 10,
      onDelivery: (delivery) => {
        const body = delivery.body.toString();
        // The first time each is held for ever.
        if (held.has(body)) {
          if (delivery.ack()) settled.add(body);
        } else held.add(body);
      },
    });
    for (const body of ['1', '2', '3']) {
      await watched.publish(queue, body);
      await eventually(
        `message ${body}`,
        () => held,
        (all) => all.has(body),
      );
    }
    const all = (withinMs: number) =>
      eventually(
        'every message settled',
        () => settled.size,
        (size) => size === 3,
        withinMs,
      );
    // Now and then RabbitMQ 4.3 takes back the first, and leaves the others with the consumer that it has cancelled.
    await all(5_000).catch(() => server.ctl('close_all_connections', 'the others are to come, too'));
    await all(15_000);
    await eventually(
      'an empty queue',
      () => server.ctl('list_queues', 'name', 'messages'),
      (list) => list.includes(`${queue}\t0`),
    );
  });

  it('does not meet a handler that ignores its timeout: its late result acknowledges nothing twice and closes no channel', async () => {
    const queue = uniqueName('deaf');
    const ends: (() => void)[] = [];
    @TaskQueue(queue, { concurrency: 2, timeout: '200ms', maxAttempts: 1 })
    class Deaf {
      @Task({ payload: 'unchecked' })
      work({ quick }: { quick?: boolean }): Promise<void> | undefined {
        return quick === true
          ? undefined
          : new Promise((resolve, reject) => ends.push(resolve, () => reject(new Error('late'))));
      }
    }
    const { app, lost, completed } = await start(Deaf);
    const tasks = app.client.of(Deaf);
    const overdue: string[] = [];
    app.on('task:overdue', ({ id }) => overdue.push(id));
    const ids = [(await tasks.work({})).id, (await tasks.work({})).id];
    await eventually(
      'both to be told',
      () => overdue.toSorted(),
      (all) => all.length === 2,
    );
    expect(overdue.toSorted()).toEqual(ids.toSorted());
    await longerThanTheBrokerWaits();
    // The first returns, the second throws; both were dead-lettered when they timed out.
    ends[0]?.();
    ends[3]?.();
    await tasks.work({ quick: true });
    await eventually(
      'the next task',
      () => completed.length,
      (count) => count === 1,
    );
    await eventually(
      'the slots',
      () => app.health().consumers.find((each) => each.queue === queue),
      (slots) => slots?.overdue === 0 && slots.running === 0,
    );
    expect([lost, await app.deadLetters.count(queue)]).toEqual([[], 2]);
  });
});

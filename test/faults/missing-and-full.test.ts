import { type ChannelModel, connect } from 'amqplib';
import { defineTask, fixed, Task, type TaskContext, TaskQueue } from '../../src';
import { DELAY_ENTER_EXCHANGE, delayLevelName } from '../../src/topology/names';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';

describe.each(TESTED_SERIES)('what a failing task needs, on RabbitMQ %s', (series) => {
  let server: TestBroker;
  let admin: ChannelModel;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
    admin = await connect(server.url);
  }, 120_000);
  afterEach(stopApps);
  afterAll(async () => {
    await admin.close();
    await server.dispose();
  }, 60_000);

  /** A task that fails at its first attempt; with one attempt, it is dead then. */
  const start = async (maxAttempts: 1 | 2) => {
    const queue = uniqueName('failing');
    const attempts: number[] = [];
    @TaskQueue(queue, { maxAttempts, backoff: fixed('125ms') })
    class Failing {
      @Task({ payload: 'unchecked' })
      work(_payload: unknown, task: TaskContext): void {
        attempts.push(task.attempt);
        if (task.attempt === 1) throw new Error('told to');
      }
    }
    const app = await startApp({ url: server.url, tasks: [Failing] });
    const failures: { readonly code: string | undefined }[] = [];
    app.on('settlement:failed', ({ error }) => failures.push({ code: error.code }));
    return { app, queue, attempts, failures, work: () => app.client.of(Failing).work({}) };
  };

  it('is missed and declared again: the exchange that its retry goes to, and the retry is made', async () => {
    const { app, work, attempts, failures } = await start(2);
    await (await admin.createChannel()).deleteExchange(DELAY_ENTER_EXCHANGE);
    const completed = app.once('task:completed');
    const { id } = await work();
    expect(await bounded('the second attempt', completed)).toMatchObject({ id, attempt: 2 });
    expect(failures.at(0)).toEqual({ code: 'PUBLISH_REFUSED' });
    // The first attempt was not acknowledged, and came again.
    expect([...new Set(attempts)]).toEqual([1, 2]);
  });

  it('is missed and declared again: the queue that its retry waits in, and the retry is made', async () => {
    const { app, work, failures } = await start(2);
    await (await admin.createChannel()).deleteQueue(delayLevelName(0));
    const completed = app.once('task:completed');
    const { id } = await work();
    expect(await bounded('the second attempt', completed)).toMatchObject({ id, attempt: 2 });
    expect(failures.at(0)).toEqual({ code: 'UNROUTABLE' });
  });

  it('is missed and declared again: its dead-letter queue, and the letter is there', async () => {
    const { app, queue, work, failures } = await start(1);
    await (await admin.createChannel()).deleteQueue(`${queue}.dead`);
    const dead = app.once('task:dead-lettered');
    const { id } = await work();
    expect(await bounded('the dead letter', dead)).toMatchObject({ id, attempt: 1 });
    expect(failures.at(0)).toEqual({ code: 'UNROUTABLE' });
    expect((await app.deadLetters.list(queue)).map((letter) => letter.id)).toEqual([id]);
  });

  it('is full: its dead-letter queue. The message stays where it was until there is room', async () => {
    const { app, queue, work, failures } = await start(1);
    const policy = JSON.stringify({ 'max-length': 1, overflow: 'reject-publish' });
    await server.ctl('set_policy', '--apply-to', 'queues', 'full', `^${queue.replaceAll('.', '\\.')}\\.dead$`, policy);
    const dead = new Set<string>();
    app.on('task:dead-lettered', ({ id }) => dead.add(id));
    // A quorum queue lets in some more than its limit before it refuses.
    const sent = new Set<string>();
    while (failures.length === 0) {
      sent.add((await work()).id);
      expect(sent.size).toBeLessThan(100);
    }
    expect(failures.at(0)).toEqual({ code: 'NACKED' });
    // Room is made by whoever looks after dead letters. RabbitMQ 3.10 goes on refusing after the policy alone is gone.
    await eventually(
      'every letter, as room is made',
      async () => {
        await app.deadLetters.discard(queue);
        return [...sent].filter((id) => !dead.has(id));
      },
      (missing) => missing.length === 0,
      30_000,
    );
    await server.ctl('clear_policy', 'full');
  }, 90_000);

  it('is full: its own queue. The sender is told, and may try again', async () => {
    const queue = uniqueName('full');
    @TaskQueue(queue)
    class Waiting {
      @Task({ payload: 'unchecked' })
      work(): void {}
    }
    const app = await startApp({ url: server.url, tasks: [Waiting], consume: false });
    const policy = JSON.stringify({ 'max-length': 1, overflow: 'reject-publish' });
    await server.ctl('set_policy', '--apply-to', 'queues', 'full', `^${queue.replaceAll('.', '\\.')}$`, policy);
    const answers: unknown[] = [];
    await eventually(
      'a refusal',
      async () => {
        await app.client
          .of(Waiting)
          .work()
          .catch((error: unknown) => answers.push(error));
        return answers.length;
      },
      (refused) => refused > 0,
    );
    expect(answers[0]).toMatchObject({ code: 'NACKED' });
    await (await admin.createChannel()).purgeQueue(queue);
    await eventually(
      'room',
      () =>
        app.client
          .of(Waiting)
          .work()
          .then(
            () => true,
            () => false,
          ),
      (sent) => sent,
    );
    await server.ctl('clear_policy', 'full');
  }, 60_000);

  it('is full for long: its own queue. Its channel is replaced, and those of other queues notice nothing', async () => {
    const [full, roomy] = [uniqueName('full'), uniqueName('roomy')];
    const contracts = [full, roomy].map((queue) => defineTask(`${queue}.work`, { queue, payload: 'unchecked' }));
    const channel = await admin.createChannel();
    for (const queue of [full, roomy]) {
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    }
    const policy = JSON.stringify({ 'max-length': 1, overflow: 'reject-publish' });
    await server.ctl('set_policy', '--apply-to', 'queues', 'full', `^${full.replaceAll('.', '\\.')}$`, policy);
    const app = await startApp({ url: server.url });
    const answers = { full: new Set<string>(), roomy: 0 };
    const confirming = async (): Promise<readonly string[]> =>
      (await server.ctl('list_channels', 'pid', 'confirm')).split('\n').filter((line) => line.endsWith('true'));
    const before = await confirming();
    // Given up after one second, and again five later.
    for (const until = performance.now() + 7_500; performance.now() < until; answers.roomy++) {
      const [refusal] = await Promise.all(
        contracts.map((contract) =>
          app.client.enqueue(contract, {}).then(
            () => '',
            ({ code }) => String(code),
          ),
        ),
      );
      answers.full.add(refusal ?? '');
    }
    expect(answers.full.has('NACKED')).toBe(true);
    await eventually(
      'each task of the other queue, once',
      async () => (await channel.checkQueue(roomy)).messageCount,
      (count) => count === answers.roomy,
    );
    const after = await confirming();
    expect(after).toHaveLength(before.length);
    expect(after).not.toEqual(before);
    await server.ctl('clear_policy', 'full');
  }, 90_000);
});

import { type BrokerBlockedError, fixed, Task, type TaskContext, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { NEWEST_TESTED, TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';

const RUNNING = 20;
const MAX_WAITING = 50;

/** Tasks that end when the gate is opened. */
function gated(queue: string) {
  let open = (): void => undefined;
  const gate = new Promise<void>((opened) => {
    open = opened;
  });
  const done = new Set<string>();
  let started = 0;
  @TaskQueue(queue, { concurrency: RUNNING })
  class Gated {
    @Task({ payload: 'unchecked' })
    async work({ name }: { name: string }): Promise<void> {
      started++;
      await gate;
      done.add(name);
    }
  }
  return { type: Gated, done, started: () => started, open: () => open() };
}

const MEMORY = ['memory', ['set_vm_memory_high_watermark', '0'], ['set_vm_memory_high_watermark', '0.6']] as const;
const DISK = ['disk', ['set_disk_free_limit', '900000GB'], ['set_disk_free_limit', '50MB']] as const;
const ALARMS = [...TESTED_SERIES.map((series) => [series, ...MEMORY] as const), [NEWEST_TESTED, ...DISK] as const];

describe.each(ALARMS)('RabbitMQ %s with a %s alarm', (series, resource, raise, clear) => {
  let server: TestBroker;

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
  }, 120_000);
  afterEach(stopApps);
  afterAll(() => server.dispose(), 60_000);

  it('lets tasks end, refuses new ones in time, bounds what waits, and goes on after it', async () => {
    const queue = uniqueName('blocked');
    const { type, done, started, open } = gated(queue);
    const app = await startApp({ url: server.url, tasks: [type], maxWaiting: MAX_WAITING });
    const states: string[] = [];
    app.on('connection:changed', ({ name, state }) => states.push(`${name} ${state}`));
    const enqueue = (name: string, timeout: '1s' | '10s' = '1s') => app.client.of(type).work({ name }, { timeout });
    await Promise.all(Array.from({ length: RUNNING }, (_, index) => enqueue(`running ${index}`, '10s')));
    await eventually('every task to run', started, (count) => count === RUNNING);

    await server.ctl(...raise);
    // The broker tells of its alarm only to who publishes; this one has left by then.
    const first: unknown = await bounded(
      'the first answer',
      enqueue('sent').catch((error: unknown) => error),
      5_000,
    );
    expect(first).toMatchObject({ code: 'BROKER_BLOCKED', sent: true });
    expect((first as BrokerBlockedError).message).toContain('unknown');
    expect((first as BrokerBlockedError).reason).toContain(resource);

    const flood = Array.from({ length: MAX_WAITING + 10 }, (_, index) => enqueue(`waiting ${index}`));
    let late = 0;
    for (const each of flood.slice(0, MAX_WAITING)) each.catch(() => late++);
    const refused = await bounded('the refusal', Promise.allSettled(flood.slice(MAX_WAITING)), 5_000);
    // At once: none of those that wait has come to its timeout.
    expect(late).toBe(0);
    for (const answer of refused) expect(answer).toMatchObject({ reason: { code: 'TOO_MANY_WAITING' } });
    for (const answer of await bounded('every answer', Promise.allSettled(flood.slice(0, MAX_WAITING)), 5_000))
      expect(answer).toMatchObject({ reason: { code: 'BROKER_BLOCKED', sent: false } });

    open();
    await eventually(
      'every task to end',
      () => done.size,
      (size) => size >= RUNNING,
    );
    await eventually(
      'every acknowledgement at the broker, during the alarm',
      () => server.ctl('list_queues', 'name', 'messages'),
      (list) => list.includes(`${queue}\t0`),
    );
    expect(states.at(-1)).toBe('warren:publish blocked');

    await server.ctl(...clear);
    await eventually(
      'the end of the alarm',
      () => states.at(-1),
      (state) => state === 'warren:publish connected',
    );
    await bounded('the confirm', enqueue('after', '10s'));
    await eventually(
      'the task',
      () => done,
      (all) => all.has('after'),
    );
    // What was refused as not sent has not arrived.
    expect([...done].filter((name) => name.startsWith('waiting'))).toEqual([]);
  }, 90_000);

  it('keeps a task that fails meanwhile with the broker until its retry can be published', async () => {
    const queue = uniqueName('blocked');
    const attempts: number[] = [];
    @TaskQueue(queue, { maxAttempts: 2, backoff: fixed('125ms') })
    class Failing {
      @Task({ payload: 'unchecked' })
      async work(_payload: unknown, task: TaskContext): Promise<void> {
        attempts.push(task.attempt);
        if (task.attempt === 1) {
          await blocked;
          throw new Error('told to');
        }
      }
    }
    let block = (): void => undefined;
    const blocked = new Promise<void>((resolve) => {
      block = resolve;
    });
    const app = await startApp({ url: server.url, tasks: [Failing], publishTimeout: '1s' });
    const unsettled = app.once('settlement:failed');
    const completed = app.once('task:completed');
    const { id } = await app.client.of(Failing).work({});
    await eventually(
      'its first attempt',
      () => attempts.length,
      (count) => count === 1,
    );
    await server.ctl(...raise);
    try {
      block();
      expect(await bounded('the failure of its retry', unsettled)).toMatchObject({ id, attempt: 1 });
    } finally {
      await server.ctl(...clear);
    }
    // The copy that had left when the alarm was told may be stored when it ends: then there are two.
    expect(await bounded('its second attempt', completed, 30_000)).toMatchObject({ id, attempt: 2 });
  }, 90_000);

  it('does not hold up a stop: what was not confirmed is told to be unknown', async () => {
    const queue = uniqueName('blocked');
    const { type } = gated(queue);
    const app = await startApp({ url: server.url, tasks: [type], publishTimeout: '60s' });
    await server.ctl(...raise);
    try {
      const answer = app.client
        .of(type)
        .work({ name: 'sent' })
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      await app.once('connection:changed', ({ state }) => state === 'blocked');
      await bounded('the stop', app.stop(), 12_000);
      const error = await bounded('the answer', answer, 1_000);
      expect(error).toMatchObject({ code: 'CONNECTION_CLOSED' });
    } finally {
      await server.ctl(...clear);
    }
  }, 60_000);
});

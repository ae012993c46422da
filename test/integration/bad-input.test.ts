import { inspect } from 'node:util';
import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { IsEmail, IsInt } from 'class-validator';
import { createTaskApp, type DeadLetter, fixed, Task, type TaskApp, type TaskContext, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';

class Letter {
  @IsEmail() to!: string;
  @IsInt() pages!: number;
}

const good = { to: 'ada@example.com', pages: 1 };
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A worker, and a sender that knows nothing of Warren. */
describe.each(sharedBrokers().map((broker) => [broker.version, broker.url]))(
  'foreign and hostile messages on RabbitMQ %s',
  (_version, url) => {
    let connection: ChannelModel;
    let channel: ConfirmChannel;

    beforeAll(async () => {
      connection = await connect(url);
      channel = await connection.createConfirmChannel();
    });
    afterEach(stopApps);
    afterAll(() => connection.close());

    const publish = (exchange: string, key: string, body: Buffer, options: Options.Publish = {}): Promise<void> =>
      new Promise((resolve, reject) =>
        channel.publish(exchange, key, body, options, (error: unknown) => (error ? reject(error) : resolve())),
      );

    /** One task on a queue of its own; a test's handler is told of what came. */
    async function worker(handler: (letter: Letter, task: TaskContext) => unknown = () => undefined) {
      const queue = uniqueName('letters');
      const seen: Letter[] = [];
      @TaskQueue(queue, { maxAttempts: 2, backoff: fixed('125ms') })
      class Letters {
        @Task()
        post(letter: Letter, task: TaskContext): unknown {
          seen.push(letter);
          return handler(letter, task);
        }
      }
      const app = await startApp({ url, tasks: [Letters], keepUnknownTasks: '1s' });
      return { app, queue, seen, type: Letters };
    }

    async function deadLetter(app: TaskApp, queue: string): Promise<DeadLetter> {
      await eventually(
        `a dead letter of ${queue}`,
        () => app.deadLetters.count(queue),
        (count) => count === 1,
      );
      const [letter] = await app.deadLetters.list(queue);
      if (letter === undefined) throw new Error('no dead letter');
      return letter;
    }

    /** Whatever came before, the worker still works. */
    async function expectAlive({ app, queue }: { app: TaskApp; queue: string }): Promise<void> {
      const completed = app.once('task:completed');
      await publish('', queue, json(good), { type: `${queue}.post`, contentType: 'application/json' });
      await bounded('a good message after the bad one', completed);
    }

    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const wide = `{${Array.from({ length: 200_000 }, (_, i) => `"k${i}":1`).join(',')}}`;
    const manyKeys = `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join(',')}}`;

    it.each<[string, Buffer, Options.Publish]>([
      ['malformed JSON', Buffer.from('{"to": "hunter2secret'), {}],
      ['an empty body', Buffer.alloc(0), {}],
      ['invalid UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), {}],
      ['another content type', Buffer.from('<to/>'), { contentType: 'application/xml' }],
      ['a compressed body', json(good), { contentEncoding: 'gzip' }],
      ['another charset', json(good), { contentType: 'application/json; charset=utf-16' }],
      ['10,000 levels of nesting', Buffer.from(deep), {}],
      ['200,000 unknown keys', Buffer.from(wide), {}],
      ['20,000 unknown keys in less than a mebibyte', Buffer.from(manyKeys), {}],
      ['a body over the limit', Buffer.alloc(2 * 1024 * 1024, 0x20), {}],
    ])('dead-letters %s as undecodable, at once, without quoting it', async (_what, body, options) => {
      const letters = await worker();
      const retried: unknown[] = [];
      letters.app.on('task:retried', (event) => retried.push(event));
      await publish('', letters.queue, body, { type: `${letters.queue}.post`, ...options });
      const letter = await deadLetter(letters.app, letters.queue);
      expect(letter).toMatchObject({
        reason: 'undecodable',
        attempt: 1,
        problems: [expect.objectContaining({ path: '(payload)' })],
      });
      expect(letter.body.equals(body)).toBe(true);
      expect(JSON.stringify(letter.problems)).not.toContain('hunter2');
      expect(retried).toEqual([]);
      expect(letters.seen).toEqual([]);
      await expectAlive(letters);
    });

    it.each<[string, unknown, readonly string[]]>([
      ['missing fields', {}, ['to', 'pages']],
      ['fields of wrong types', { to: 7, pages: 'many' }, ['to', 'pages']],
      ['null', null, ['(payload)']],
      ['an array', [good], ['(payload)']],
      ['a string', 'ada', ['(payload)']],
      ['a number', 4711, ['(payload)']],
    ])('dead-letters a payload of %s as invalid, every problem by its path', async (_what, payload, paths) => {
      const letters = await worker();
      await publish('', letters.queue, json(payload), { type: `${letters.queue}.post` });
      const letter = await deadLetter(letters.app, letters.queue);
      expect(letter.reason).toBe('invalid-payload');
      expect([...new Set(letter.problems.map((problem) => problem.path))].sort()).toEqual([...paths].sort());
      expect(letters.seen).toEqual([]);
      await expectAlive(letters);
    });

    it('drops fields that the contract does not know, prototypes among them', async () => {
      const letters = await worker();
      const completed = letters.app.once('task:completed');
      const body = `{"to":"ada@example.com","pages":1,"extra":true,"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},"toString":"x"}`;
      await publish('', letters.queue, Buffer.from(body), { type: `${letters.queue}.post` });
      await bounded('completion', completed);
      const [letter] = letters.seen;
      expect(Object.keys(letter ?? {}).sort()).toEqual(['pages', 'to']);
      expect((letter as unknown as Record<string, unknown>)['isAdmin']).toBeUndefined();
      expect(Object.keys(Object.prototype)).toEqual([]);
    });

    it('gives a message without a type to the only task of its queue', async () => {
      const letters = await worker();
      const completed = letters.app.once('task:completed');
      await publish('', letters.queue, json(good));
      expect(await bounded('completion', completed)).toMatchObject({ task: `${letters.queue}.post` });
    });

    it.each(['emails.unknown', '__proto__', 'constructor', '../x', 'toString'])(
      'keeps a task named %s, that nobody knows, for its time, and dead-letters it as unknown-task',
      async (name) => {
        const letters = await worker();
        const retried = letters.app.once('task:retried');
        await publish('', letters.queue, json(good), { type: name, messageId: 'm-1' });
        expect(await bounded('retry', retried)).toMatchObject({ task: name, id: 'm-1', attempt: 1, nextAttempt: 1 });
        expect(await deadLetter(letters.app, letters.queue)).toMatchObject({
          reason: 'unknown-task',
          task: name,
          id: 'm-1',
          attempt: 1,
        });
        expect(letters.seen).toEqual([]);
      },
    );

    it.each<[string, Record<string, unknown>]>([
      ['an attempt of -1', { 'warren-attempt': -1 }],
      ['an attempt of "NaN"', { 'warren-attempt': 'NaN' }],
      ['an attempt of 1.5', { 'warren-attempt': 1.5 }],
      [
        'headers of wrong types',
        { 'warren-attempt': { nested: true }, 'warren-failures': 7, 'warren-queue': [1], 'warren-expires-at': 'soon' },
      ],
      ['a failure history that is no JSON', { 'warren-failures': '[{"attempt":' }],
    ])('counts %s as a first attempt', async (_what, headers) => {
      const attempts: number[] = [];
      const letters = await worker((_letter, task) => {
        attempts.push(task.attempt);
        expect(task.failures).toEqual([]);
      });
      const completed = letters.app.once('task:completed');
      await publish('', letters.queue, json(good), { type: `${letters.queue}.post`, headers });
      await bounded('completion', completed);
      expect(attempts).toEqual([1]);
    });

    it('retries a foreign message with CC, user_id, expiration and forged headers, and repeats none of them', async () => {
      const victim = uniqueName('victim');
      await channel.assertQueue(victim, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      const letters = await worker(() => {
        throw new Error('no');
      });
      await publish('', letters.queue, json(good), {
        type: `${letters.queue}.post`,
        messageId: 'foreign-1',
        userId: 'guest',
        expiration: 60_000,
        CC: [victim],
        headers: {
          'x-death': [{ queue: letters.queue, reason: 'expired', count: 99 }],
          'x-delivery-count': 77,
          tenant: 'acme',
        },
      });
      const letter = await deadLetter(letters.app, letters.queue);
      expect(letter).toMatchObject({ id: 'foreign-1', reason: 'exhausted', attempt: 2, headers: { tenant: 'acme' } });
      expect(letter.failures).toHaveLength(2);
      // Once by the sender's own CC, and not again by the retry or the dead letter.
      expect((await channel.checkQueue(victim)).messageCount).toBe(1);
      const raw = await channel.get(`${letters.queue}.dead`, { noAck: false });
      if (raw === false) throw new Error('no dead letter');
      expect(raw.properties.userId).toBeUndefined();
      expect(raw.properties.expiration).toBeUndefined();
      expect(raw.properties.headers).not.toHaveProperty('CC');
      expect(raw.properties.headers).not.toHaveProperty('x-death');
      channel.nack(raw, false, true);
      await channel.deleteQueue(victim);
    });

    it('starts again at the first attempt with an attempt forged beyond the budget: it may fail once and is dead', async () => {
      const letters = await worker(() => {
        throw new Error('no');
      });
      await publish('', letters.queue, json(good), {
        type: `${letters.queue}.post`,
        headers: { 'warren-attempt': 999 },
      });
      expect(await deadLetter(letters.app, letters.queue)).toMatchObject({ reason: 'exhausted', attempt: 999 });
      expect(letters.seen).toHaveLength(1);
    });

    it('gives a handler headers without the prototype that a sender smuggled in', async () => {
      let isAdmin: unknown = 'not called';
      const letters = await worker((_letter, task) => {
        isAdmin = task.headers['isAdmin'];
      });
      const completed = letters.app.once('task:completed');
      const headers = JSON.parse('{"__proto__":{"isAdmin":true},"tenant":"acme"}') as Record<string, unknown>;
      await publish('', letters.queue, json(good), { headers });
      await bounded('completion', completed);
      expect(isAdmin).toBeUndefined();
    });

    it('serves events of services that know nothing of Warren, retries them, dead-letters and replays them by routing key', async () => {
      const exchange = uniqueName('shop');
      const queue = uniqueName('billing');
      const seen: string[] = [];
      let broken = true;
      @TaskQueue(queue, {
        bindings: [{ exchange, type: 'topic', routingKey: 'order.*' }],
        maxAttempts: 2,
        backoff: fixed('125ms'),
      })
      class Billing {
        @Task({ routingKey: 'order.paid', payload: 'unchecked' })
        paid(_event: unknown, task: TaskContext): void {
          seen.push(`paid ${task.attempt}`);
          if (broken) throw new Error('no');
        }

        @Task({ routingKey: 'order.cancelled', payload: 'unchecked' })
        cancelled(): void {
          seen.push('cancelled');
        }
      }
      const app = await startApp({ url, tasks: [Billing] });
      const completed = app.once('task:completed');
      await publish(exchange, 'order.cancelled', json({ order: 1 }), { type: 'some.framework.Type' });
      expect(await bounded('the cancellation', completed)).toMatchObject({ task: `${queue}.cancelled` });
      await publish(exchange, 'order.paid', json({ order: 2 }), { messageId: 'order-2' });
      expect(await deadLetter(app, queue)).toMatchObject({ id: 'order-2', task: `${queue}.paid`, reason: 'exhausted' });
      broken = false;
      const replayed = app.once('task:completed');
      await app.deadLetters.replay(queue);
      expect(await bounded('the replay', replayed)).toMatchObject({ id: 'order-2', task: `${queue}.paid` });
      expect(seen).toEqual(['cancelled', 'paid 1', 'paid 2', 'paid 1']);
      await channel.deleteExchange(exchange);
    });
  },
);

describe('the broker URL', () => {
  const canary = 'canary-Pa55';
  const shownBy = (error: unknown): string =>
    `${inspect(error, { depth: 10 })}${String(error)}${JSON.stringify(error)}`;

  it.each([
    ['does not parse', `amqp:/app:${canary}@127.0.0.1`],
    ['has another scheme', `https://app:${canary}@127.0.0.1`],
    ['holds a raw "/" in its password', `amqp://app:${canary}/x@127.0.0.1`],
    ['holds a raw "#" in its password', `amqp://app:${canary}#x@127.0.0.1`],
    ['holds a raw "@" in its password', `amqp://app:${canary}@x@127.0.0.1`],
    ['holds a raw "%" in its password', `amqp://app:${canary}%x@127.0.0.1`],
    ['has an impossible port', `amqp://app:${canary}@127.0.0.1:99999`],
  ])('that %s is refused without showing the password', async (_what, url) => {
    const failure: unknown = await createTaskApp({ url }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CONFIGURATION' });
    expect(shownBy(failure)).not.toContain(canary);
  });

  it('with wrong credentials fails at once with the reason, and shows the password nowhere', async () => {
    const [broker] = sharedBrokers();
    const port = new URL(broker?.url ?? '').port;
    const lines: string[] = [];
    const log = (fields: unknown, message: string): void => void lines.push(message + inspect(fields, { depth: 10 }));
    const app = await createTaskApp({
      url: `amqp://app:${encodeURIComponent(`${canary}/#@%`)}@127.0.0.1:${port}`,
      logger: { debug: log, info: log, warn: log, error: log },
    });
    const failure: unknown = await bounded(
      'the refusal',
      app.start().catch((error: unknown) => error),
    );
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'credentials' });
    expect(shownBy(failure) + inspect(app, { depth: 10 }) + lines.join('\n')).not.toContain(canary);
  });

  it('of a vhost that does not exist fails at once with the reason', async () => {
    const [broker] = sharedBrokers();
    const app = await createTaskApp({ url: `${broker?.url}/no-such-vhost`, logger: false });
    expect(
      await bounded(
        'the refusal',
        app.start().catch((error: unknown) => error),
      ),
    ).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'vhost' });
  });
});

import { fixed, SnoozeTask, Task, type TaskApp, type TaskContext, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { nestedTables, publishRaw, type RawField, rawTable, takeRaw, withLength } from '../support/raw-messages';

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');

/** One of each type that other clients have numbers in, and RabbitMQ takes. */
const FIELDS: readonly RawField[] = [
  ['byte', 'b', hex('fb')],
  ['ubyte', 'B', hex('fb')],
  ['short', 's', hex('fffb')],
  ['ushort', 'u', hex('fffb')],
  ['int', 'I', hex('00000005')],
  ['uint', 'i', hex('ffffffff')],
  ['small', 'l', hex('0000000000000005')],
  ['long', 'l', hex('0020000000000001')],
  ['float', 'f', hex('3dcccccd')],
  ['whole', 'd', hex('4000000000000000')],
  ['double', 'd', hex('4310000000000002')],
  ['decimal', 'D', hex('02000003e7')],
  ['time', 'T', hex('ffffffffffffffff')],
  ['bytes', 'x', hex('00000002ff00')],
  ['none', 'V', hex('')],
  ['table', 'F', rawTable(['long', 'l', hex('7fffffffffffffff')])],
];

type Handler = (task: TaskContext) => void;

async function startWorker(url: string, handler: Handler): Promise<{ app: TaskApp; queue: string }> {
  const queue = uniqueName('foreign');
  @TaskQueue(queue, { maxAttempts: 2, backoff: fixed('125ms'), concurrency: 1 })
  class Foreign {
    @Task({ payload: 'unchecked' })
    run(_payload: unknown, task: TaskContext): void {
      handler(task);
    }
  }
  const app = await startApp({ url, tasks: [Foreign] });
  return { app, queue };
}

const untilDead = (app: TaskApp, queue: string, letters = 1): Promise<unknown> =>
  eventually(
    'its dead letter',
    () => app.deadLetters.count(queue),
    (count) => count === letters,
    20_000,
  );

describe.each(sharedBrokers())('messages of other clients on RabbitMQ $series', ({ url }) => {
  afterEach(stopApps);

  it('keep the types and the bytes of their headers over a snooze, a retry, a dead letter and a replay', async () => {
    const seen: Readonly<Record<string, unknown>>[] = [];
    const { app, queue } = await startWorker(url, ({ headers }) => {
      seen.push(headers);
      if (seen.length === 1) throw new SnoozeTask('125ms');
      throw new Error('no');
    });
    await publishRaw(url, { routingKey: queue, id: 'id-1', table: rawTable(...FIELDS) });
    await untilDead(app, queue);
    await app.deadLetters.replay(queue);
    await eventually(
      'all five attempts',
      () => seen.length,
      (count) => count === 5,
    );
    await untilDead(app, queue);
    for (const headers of seen) {
      expect(headers).toMatchObject({
        byte: -5,
        ubyte: 251,
        int: 5,
        small: 5,
        whole: 2,
        double: 2 ** 50 + 0.5,
        long: { '!': 'long', value: '9007199254740993' },
        time: { '!': 'timestamp', value: '18446744073709551615' },
        table: { long: { '!': 'long', value: '9223372036854775807' } },
      });
    }
    await app.stop();
    const dead = await takeRaw(url, `${queue}.dead`);
    for (const [name, tag, bytes] of FIELDS) expect([name, dead.get(name as string)]).toEqual([name, [tag, bytes]]);
  });

  it('end as dead letters though a header of Warren’s own is forged so that no copy could be encoded', async () => {
    const attempts: number[] = [];
    const { app, queue } = await startWorker(url, ({ attempt }) => {
      attempts.push(attempt);
      throw new Error('no');
    });
    const half = hex('4310000000000002');
    await publishRaw(url, {
      routingKey: queue,
      id: 'id-1',
      table: rawTable(['warren-replays', 'd', half], ['warren-replayed-at', 'd', half], ['warren-due-at', 'd', half]),
    });
    await untilDead(app, queue);
    expect(attempts).toEqual([1, 2]);
    expect(await app.deadLetters.list(queue)).toMatchObject([{ reason: 'exhausted', replays: 0 }]);
  });

  it('become dead letters, with their reason, where their headers cannot be read; what was fetched beside them runs', async () => {
    const ran: string[] = [];
    const { app, queue } = await startWorker(url, ({ id }) => ran.push(id));
    const lost = jest.fn();
    app.on('subscription:changed', lost);
    const innocent = (id: string) => ({ routingKey: queue, id, table: rawTable() });
    const bomb = {
      routingKey: queue,
      id: 'bomb',
      table: rawTable(['tenant', 'S', withLength('ada')], nestedTables('deep', 9_000)),
    };
    await publishRaw(url, innocent('a'), innocent('b'), bomb, innocent('c'), bomb, innocent('d'));
    await untilDead(app, queue, 2);
    await eventually(
      'the innocents',
      () => ran,
      (ids) => ids.length === 4,
    );
    expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(lost).not.toHaveBeenCalled();
    const [letter] = await app.deadLetters.list(queue);
    expect(letter).toMatchObject({
      id: 'bomb',
      reason: 'undecodable',
      headers: { tenant: 'ada' },
      headersLeftOut: ['deep'],
      problems: [{ path: 'headers.deep', rule: 'headers', message: 'it is nested deeper than 64 tables' }],
    });
  });

  it('can be listed, replayed and discarded in a dead-letter queue, though their headers cannot be read', async () => {
    const ran: string[] = [];
    const { app, queue } = await startWorker(url, ({ id }) => ran.push(id));
    const dead = (id: string, ...fields: readonly RawField[]) => ({
      exchange: 'warren.dead',
      routingKey: queue,
      id,
      table: rawTable(...fields),
    });
    await publishRaw(url, dead('a'), dead('bomb', nestedTables('deep', 4_500)), dead('b'));
    const letters = await app.deadLetters.list(queue);
    expect(letters.map(({ id }) => id)).toEqual(['a', 'bomb', 'b']);
    expect(letters[1]?.problems).toEqual([
      { path: 'headers.deep', rule: 'headers', message: 'it is nested deeper than 64 tables' },
    ]);
    expect(await app.deadLetters.discard(queue, { filter: { ids: ['a'] } })).toMatchObject({ done: 1 });
    expect(await app.deadLetters.replay(queue, { staged: true })).toMatchObject({ done: 2 });
    await eventually(
      'the replayed',
      () => ran,
      (ids) => ids.length === 2,
    );
    expect(ran.toSorted()).toEqual(['b', 'bomb']);
    await publishRaw(url, dead('bomb', nestedTables('deep', 4_500)));
    expect(await app.deadLetters.discard(queue)).toMatchObject({ done: 1 });
  }, 120_000);
});

import { connect } from 'amqplib';
import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';

/** So many tables in each other that amqplib cannot decode them: it closes the connection they arrive on. */
const TABLES = 4_500;

/** A table of 7 bytes each: its length, a key of one byte, a type. The innermost is empty. */
function nestedTables(): Buffer {
  const bytes = Buffer.alloc(4 + TABLES * 7);
  for (let table = 0; table <= TABLES; table++) {
    bytes.writeUInt32BE((TABLES - table) * 7, table * 7);
    if (table < TABLES) bytes.write('\u0001aF', table * 7 + 4, 'latin1');
  }
  return bytes;
}

/** Publishes past amqplib's encoder, which would have to go as deep. */
async function publishBomb(url: string, queue: string): Promise<void> {
  const model = await connect(url);
  const channel = await model.createConfirmChannel();
  const marker = Buffer.from('0123456789abcdef');
  const bomb = nestedTables();
  const { stream } = (model as unknown as { readonly connection: { readonly stream: NodeJS.WritableStream } })
    .connection;
  const write = stream.write.bind(stream) as (chunk: Buffer) => boolean;
  (stream as { write: unknown }).write = (chunk: Buffer) => write(withBomb(chunk, marker, bomb));
  channel.sendToQueue(queue, Buffer.from('{}'), { headers: { bomb: marker }, persistent: true });
  await bounded('the confirm of the bomb', channel.waitForConfirms());
  await model.close();
}

/** Puts the bomb in the place of a header's value, and mends the lengths of the table and of its frame. */
function withBomb(chunk: Buffer, marker: Buffer, bomb: Buffer): Buffer {
  const at = chunk.indexOf(marker);
  if (at < 0) return chunk;
  // type 'x', four bytes of length, the marker; before them the key "bomb" with its length, and the table's length.
  const typeAt = at - 5;
  const tableAt = typeAt - 5 - 4;
  const before = Buffer.from(chunk.subarray(0, typeAt));
  const grown = 1 + bomb.length - (1 + 4 + marker.length);
  before.writeUInt32BE(before.readUInt32BE(tableAt) + grown, tableAt);
  // The frame of the properties: type 2, channel, size. It is the last one that begins before the table.
  let frameAt = 0;
  for (let next = 0; next < tableAt; next += 8 + before.readUInt32BE(next + 3)) frameAt = next;
  before.writeUInt32BE(before.readUInt32BE(frameAt + 3) + grown, frameAt + 3);
  return Buffer.concat([before, Buffer.from('F'), bomb, chunk.subarray(at + marker.length)]);
}

describe.each(sharedBrokers())('a message whose headers no client can decode, on RabbitMQ $series', ({ url }) => {
  afterEach(stopApps);

  it('costs its own queue some connections and ends in the dead-letter queue; other queues do not notice', async () => {
    const [bombed, other] = [uniqueName('bombed'), uniqueName('other')];
    const done: string[] = [];
    @TaskQueue(bombed)
    class Bombed {
      @Task({ payload: 'unchecked' })
      work(_payload: unknown): void {
        done.push('bombed');
      }
    }
    @TaskQueue(other)
    class Other {
      @Task({ payload: 'unchecked' })
      work(_payload: unknown): void {
        done.push('other');
      }
    }
    const app = await startApp({ url, tasks: [Bombed, Other] });
    const lost = new Map<string, number>();
    app.on('subscription:changed', ({ queue, state }) => {
      if (state === 'recovering') lost.set(queue, (lost.get(queue) ?? 0) + 1);
    });
    await publishBomb(url, bombed);
    await eventually(
      'the first connection it costs',
      () => lost.get(bombed) ?? 0,
      (count) => count > 0,
    );
    await app.client.of(Other).work({});
    await eventually(
      'a task of another queue, meanwhile',
      () => done,
      (all) => all.includes('other'),
    );
    await eventually(
      'its end',
      () => app.deadLetters.count(bombed),
      (count) => count === 1,
      60_000,
    );
    await app.client.of(Bombed).work({});
    await eventually(
      'a task of its own queue, after it',
      () => done,
      (all) => all.includes('bombed'),
      30_000,
    );
    expect(lost.get(other)).toBeUndefined();
  }, 120_000);
});

import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';
import { nestedTables, publishRaw, rawTable } from '../support/raw-messages';

/** So many tables in each other that amqplib cannot decode them: it would close the connection they arrive on. */
const TABLES = 4_500;

describe.each(sharedBrokers())('a message whose headers no client can decode, on RabbitMQ $series', ({ url }) => {
  afterEach(stopApps);

  it('becomes a dead letter, and costs nobody a connection', async () => {
    const bombed = uniqueName('bombed');
    const done: string[] = [];
    @TaskQueue(bombed)
    class Bombed {
      @Task({ payload: 'unchecked' })
      work(payload: unknown): void {
        done.push(String(payload));
      }
    }
    const app = await startApp({ url, tasks: [Bombed] });
    const changes: string[] = [];
    app.on('subscription:changed', ({ queue, state }) => changes.push(`${queue} ${state}`));
    app.on('connection:changed', ({ name, state }) => changes.push(`${name} ${state}`));
    const bomb = { routingKey: bombed, table: rawTable(nestedTables('bomb', TABLES)) };
    await publishRaw(url, ...Array.from({ length: 5 }, () => bomb));
    await app.client.of(Bombed).work('after');
    await eventually(
      'the task behind them',
      () => done,
      (all) => all.includes('after'),
    );
    await eventually(
      'their end',
      () => app.deadLetters.count(bombed),
      (count) => count === 5,
      60_000,
    );
    expect(done).toEqual(['after']);
    expect(changes).toEqual([]);
  }, 120_000);
});

import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';

describe.each(TESTED_SERIES)('on a RabbitMQ %s that allows six channels on a connection', (series) => {
  let server: TestBroker;
  beforeAll(async () => {
    server = await startPrivateBroker({ series, config: ['channel_max = 6'] });
  }, 120_000);
  afterEach(stopApps);
  afterAll(() => server?.dispose(), 60_000);

  it('an app starts, is asked for hundreds of queues at once, and goes on publishing on the same connection', async () => {
    const queue = uniqueName('few');
    const done: string[] = [];
    @TaskQueue(queue)
    class Tasks {
      @Task({ payload: 'unchecked' })
      work(text: string): void {
        done.push(text);
      }
    }
    const lost: string[] = [];
    const app = await startApp({ url: server.url, tasks: [Tasks] }, (starting) =>
      starting.on('connection:changed', ({ name, state, error }) => {
        if (error !== undefined) lost.push(`${name} ${state}`);
      }),
    );
    const names = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? queue : `${queue}.missing.${index}`));
    const looks = Promise.all(names.map((name) => app.broker.queueState(name)));
    await app.client.of(Tasks).work('meanwhile', { delay: '125ms' });
    const states = await looks;
    expect(states.filter((state) => state !== undefined)).toHaveLength(150);
    await app.client.of(Tasks).work('afterwards');
    await eventually(
      'the tasks',
      () => [...done].sort().join(),
      (texts) => texts === 'afterwards,meanwhile',
    );
    expect(lost).toEqual([]);
  }, 120_000);
});

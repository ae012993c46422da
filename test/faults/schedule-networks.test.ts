import { type ClassType, Task, type TaskApp, type TaskContext, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { startProxy, type TcpProxy } from '../support/rabbitmq/tcp-proxy';

/** A leader that lives and thinks, and whose network does not. */
describe.each(TESTED_SERIES)('a leader of schedules on RabbitMQ %s', (series) => {
  let broker: TestBroker;
  let proxy: TcpProxy;
  const ids: string[] = [];
  let queue: string;

  beforeAll(async () => {
    broker = await startPrivateBroker({ series });
  }, 120_000);
  beforeEach(async () => {
    proxy = await startProxy({ targetPort: broker.port });
    queue = uniqueName('networks');
    ids.length = 0;
  });
  afterEach(async () => {
    proxy.resume();
    await stopApps();
    proxy.dispose();
  }, 60_000);
  afterAll(() => broker.dispose(), 60_000);

  const worker = (): ClassType => {
    @TaskQueue(queue)
    class Scheduled {
      @Task({ payload: 'none', schedule: { name: queue, every: '1s', catchUp: 'skip' } })
      async work(_payload: undefined, task: TaskContext): Promise<void> {
        ids.push(task.id);
      }
    }
    return Scheduled;
  };
  const started = async (url: string, leads: boolean[]): Promise<TaskApp> => {
    const app = await startApp({ url, tasks: [worker()], heartbeat: '2s' });
    app.on('schedules:leading', ({ leading }) => leads.push(leading));
    return app;
  };
  const ticks = (count: number): Promise<unknown> =>
    eventually(
      `${count} ticks`,
      () => new Set(ids).size,
      (size) => size >= count,
      30_000,
    );
  const expectEverySecond = (): void => {
    const times = [...new Set(ids)].map((id) => Date.parse(id.slice(queue.length + 1))).sort((a, b) => a - b);
    expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index * 1_000));
  };

  it.each<['pause' | 'pauseServerToClient', string]>([
    ['pause', 'goes silent in both directions'],
    ['pauseServerToClient', 'hears nothing any more, though the broker hears it'],
  ])(
    'that is cut off (%s: it %s) gives up its place: no second is missed, none has two ids',
    async (fault) => {
      const cutOff: boolean[] = [];
      const others: boolean[] = [];
      await started(proxy.url(broker.url), cutOff);
      await ticks(2);
      await started(broker.url, others);
      proxy[fault]();
      await eventually(
        'the other to lead',
        () => others,
        (all) => all.includes(true),
        30_000,
      );
      await ticks(new Set(ids).size + 3);
      proxy.resume();
      await ticks(new Set(ids).size + 3);
      expectEverySecond();
      expect(cutOff.at(-1)).toBe(false);
    },
    120_000,
  );
});

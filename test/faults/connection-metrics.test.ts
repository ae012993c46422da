import { Task, TaskQueue } from '../../src';
import { telemetry } from '../../src/telemetry';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { Scrape } from '../support/prometheus-text';
import { NEWEST_TESTED, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';

const RECONNECTS = 'warren_connection_reconnects_total';
const BLOCKED = 'warren_connection_blocked_time_seconds_total';

describe('metrics of connections', () => {
  let server: TestBroker;

  beforeAll(async () => {
    server = await startPrivateBroker({ series: NEWEST_TESTED });
  }, 120_000);
  afterEach(stopApps);
  afterAll(() => server.dispose(), 60_000);

  it('count an alarm and a lost connection from zero', async () => {
    const queue = uniqueName('jobs');
    @TaskQueue(queue)
    class Jobs {
      @Task({ payload: 'none' }) run(): void {}
    }
    const options = { telemetry: telemetry({ prometheus: true }), http: { port: 0, host: '127.0.0.1' } };
    const app = await startApp({ url: server.url, name: 'shop', tasks: [Jobs], ...options });
    const connections = ['shop:publish', 'shop:consume-1'];
    const read = async (metric: string) => {
      const scrape = await Scrape.of(app.httpPort);
      return connections.map((connection) => scrape.value(metric, { connection }));
    };
    expect([await read(RECONNECTS), await read(BLOCKED)]).toEqual([
      [0, 0],
      [0, 0],
    ]);

    await server.ctl('set_vm_memory_high_watermark', '0');
    // The broker tells of its alarm only to who publishes.
    await expect(app.client.of(Jobs).run(undefined, { timeout: '1s' })).rejects.toMatchObject({
      code: 'BROKER_BLOCKED',
    });
    const [published = 0, consumed] = await eventually(
      'time that goes on',
      () => read(BLOCKED),
      ([seconds = 0]) => seconds > 1,
    );
    expect([published < 60, consumed]).toEqual([true, 0]);
    await server.ctl('set_vm_memory_high_watermark', '0.6');
    await eventually(
      'a task after the alarm',
      () =>
        app.client
          .of(Jobs)
          .run(undefined, { timeout: '5s' })
          .then(
            () => true,
            () => false,
          ),
      (isDone) => isDone,
    );
    expect(await read(RECONNECTS)).toEqual([0, 0]);

    await server.kill();
    await server.start();
    await eventually(
      'both connections again',
      () => read(RECONNECTS),
      (counts) => `${counts}` === '1,1',
      60_000,
    );
  }, 180_000);
});

import { defineTask, Task, TaskQueue } from '../../src';
import { startApp, stopApps } from '../support/apps';
import { eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';

/** What docs/do/permissions.md says. */
describe.each(TESTED_SERIES)('schedules with few permissions on RabbitMQ %s', (series) => {
  let server: TestBroker;
  const urlOf = (user: string): string => server.url.replace('guest:guest', `${user}:secret`);

  beforeAll(async () => {
    server = await startPrivateBroker({ series });
    for (const user of ['worker', 'changer', 'looker']) await server.ctl('add_user', user, 'secret');
    await server.ctl(
      'set_permissions',
      'worker',
      '^$',
      '^(amq\\.default|invoices\\.dead|warren\\..*)$',
      '^(invoices(\\.suspects)?|warren\\.schedules(\\.view)?)$',
    );
    await server.ctl(
      'set_permissions',
      'changer',
      '^$',
      '^(amq\\.default|warren\\.schedules)$',
      '^warren\\.schedules\\.view$',
    );
    await server.ctl('set_permissions', 'looker', '^$', '^$', '^warren\\.schedules\\.view$');
  }, 120_000);
  afterEach(stopApps);
  afterAll(() => server.dispose(), 60_000);

  it('tick, are changed and are listed', async () => {
    let ran = 0;
    @TaskQueue('invoices')
    class Invoices {
      @Task({ schedule: { every: '1s', payload: 1 } })
      async remind(_payload: number): Promise<void> {
        ran++;
      }
    }
    const deploy = await startApp({ url: server.url, tasks: [Invoices], consume: false });
    await deploy.stop();
    await startApp({ url: urlOf('worker'), tasks: [Invoices], topology: 'verify' });
    await eventually(
      'two runs',
      () => ran,
      (runs) => runs >= 2,
    );
    const changer = await startApp({ url: urlOf('changer'), topology: 'off' });
    const contract = defineTask('invoices.remind', { queue: 'invoices', payload: 'unchecked' });
    await changer.schedules.add('later', contract, { cron: '@yearly', payload: 2 });
    const looker = await startApp({ url: urlOf('looker'), topology: 'off' });
    expect((await looker.schedules.list()).map(({ name }) => name)).toEqual(['invoices.remind', 'later']);
  }, 60_000);
});

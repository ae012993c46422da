import { join } from 'node:path';
import { connect } from 'amqplib';
import type { TaskApp } from '../../../src';
import { startApp, stopApps } from '../../support/apps';
import { eventually } from '../../support/bounded';
import { type Ended, warren } from '../../support/command-line';
import { TESTED_SERIES, type TestBroker } from '../../support/rabbitmq/broker';
import { startPrivateBroker } from '../../support/rabbitmq/shared-brokers';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');
/** RabbitMQ itself refuses transient queues since 4.3, unless told otherwise; some builds of it do not. */
const PERMIT_TRANSIENT = 'deprecated_features.permit.transient_nonexcl_queues = true';

interface Found {
  readonly severity: string;
  readonly what: string;
  readonly remedy: string;
}

describe.each(TESTED_SERIES.map((series) => ({ series })))(
  'warren doctor on a broken RabbitMQ $series',
  ({ series }) => {
    let broker: TestBroker;
    let app: TaskApp;
    let management: readonly string[];

    const run = (command: readonly string[], queue: string, env: NodeJS.ProcessEnv = {}, url = broker.url) =>
      warren([...command, '--url', url, '--tasks', TASKS], { env: { TEST_QUEUE: queue, ...env } });
    const findings = ({ stdout }: Ended): readonly Found[] => (JSON.parse(stdout) as { findings: Found[] }).findings;
    const doctor = async (queue: string, options: readonly string[] = [], env: NodeJS.ProcessEnv = {}) => {
      const ended = await run(['doctor', '--json', ...options], queue, env);
      return { code: ended.code, found: findings(ended) };
    };
    const finding = (severity: string, what: RegExp, remedy: RegExp): unknown =>
      expect.objectContaining({ severity, what: expect.stringMatching(what), remedy: expect.stringMatching(remedy) });

    beforeAll(async () => {
      const config = series === '4.3' ? [PERMIT_TRANSIENT] : [];
      broker = await startPrivateBroker({ series, plugins: ['rabbitmq_management'], config });
      management = ['--management', String(broker.managementUrl).replace('http://', 'http://guest:guest@')];
      app = await startApp({ url: broker.url });
    }, 120_000);
    afterAll(async () => {
      await stopApps();
      await broker?.dispose();
    });

    it('finds nothing where nothing is wrong, and says what it could not look at', async () => {
      await run(['topology', 'apply'], 'healthy');
      const healthy = await run(['doctor', ...management], 'healthy');
      expect(healthy).toMatchObject({
        code: 0,
        stdout: `RabbitMQ ${broker.version} at ${app.address}\nNo problems.\n`,
      });
      const alone = await doctor('healthy', ['--no-management']);
      expect(alone).toEqual({
        code: 0,
        found: [
          finding(
            'note',
            /^bindings, limits, policies, feature flags and transient queues were not looked at/,
            /--management/,
          ),
        ],
      });
      // Looking has left nothing behind.
      expect(await app.broker.countReady('warren.delay.unrouted')).toBe(0);
      expect(await app.broker.countReady('healthy')).toBe(0);
    }, 60_000);

    it('says that it has looked at no task, and finds one thing where nothing was declared', async () => {
      const bare = await warren(['doctor', '--url', broker.url, '--no-management']);
      expect(bare).toMatchObject({ code: 0 });
      expect(bare.stdout).toMatch(/no task is known here: .* were not looked at\n.*--tasks/);
      expect(bare.stdout).toMatch(/No problems in what was checked\.\n$/);
      await broker.ctl('add_vhost', 'empty');
      await broker.ctl('set_permissions', '-p', 'empty', 'guest', '.*', '.*', '.*');
      const empty = await run(['doctor', '--json', ...management], 'emails', {}, `${broker.url}/empty`);
      expect(findings(empty)).toEqual([
        finding(
          'problem',
          /^35 exchanges, 35 queues, 96 bindings are missing: emails, .*: what the broker gives up on is dropped$/,
          /topology apply/,
        ),
      ]);
    }, 120_000);

    it('finds a delay ladder of an earlier version, and messages that cannot leave it, until it is migrated', async () => {
      const url = `${broker.url}/former`;
      await broker.ctl('add_vhost', 'former');
      await broker.ctl('set_permissions', '-p', 'former', 'guest', '.*', '.*', '.*');
      const connection = await connect(url);
      const channel = await connection.createConfirmChannel();
      for (let level = 0; level <= 30; level++) {
        await channel.assertExchange(`warren.delay.${String(level).padStart(2, '0')}`, 'topic');
      }
      const former = (command: readonly string[]) => run(command, 'former', {}, url);
      // As a worker of the new version would start.
      expect(await former(['topology', 'apply'])).toMatchObject({ code: 0 });
      for (let count = 0; count < 40; count++) channel.sendToQueue('warren.delay.02', Buffer.from('lost'));
      await channel.waitForConfirms();
      const stuck = await eventually(
        'the messages that are stuck',
        async () => findings(await former(['doctor', '--json', ...management])),
        (found) => found.some(({ what }) => what.includes('40 in warren.delay.02')),
        60_000,
      );
      expect(stuck).toEqual([
        finding('problem', /^31 exchanges of the delay ladder have no alternate exchange/, /topology migrate --ladder/),
        finding('problem', /^delayed messages cannot leave their level/, /topology migrate --ladder/),
      ]);
      const status = await former(['status', ...management]);
      expect(status.stdout).toMatch(/Delayed, due, and still in a level: 40/);

      expect(await former(['topology', 'migrate', '--ladder', '--dry-run'])).toMatchObject({ code: 0 });
      expect(await former(['topology', 'migrate', '--ladder'])).toMatchObject({ code: 2 });
      const migrated = await former(['topology', 'migrate', '--ladder', '--yes']);
      expect(migrated).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Replaced 31 exchanges\./) as string });
      const found = findings(await former(['doctor', '--json', '--no-management']));
      expect(found.filter(({ severity }) => severity === 'problem').map(({ what }) => what)).not.toContainEqual(
        expect.stringContaining('alternate exchange'),
      );
      // RabbitMQ tries what was stuck again within three minutes; what comes now is parked at once.
      await channel.sendToQueue('warren.delay.00', Buffer.from('lost'));
      await eventually(
        'the parked message',
        async () => (await channel.checkQueue('warren.delay.unrouted')).messageCount,
        (count) => count > 0,
      );
      await connection.close();
    }, 180_000);

    it('finds a queue without its dead-letter exchange and its delivery limit, and a binding that is gone', async () => {
      await app.broker.declare({
        exchanges: [],
        queues: [{ name: 'bare', arguments: { 'x-queue-type': 'quorum' } }],
        bindings: [],
      });
      await run(['topology', 'apply'], 'unbound');
      await app.broker.admin.unbind([
        { source: 'warren.dead', destination: 'unbound.dead', destinationType: 'queue', routingKey: 'unbound' },
      ]);
      const bare = await doctor('bare');
      expect(bare.code).toBe(1);
      expect(bare.found).toEqual(
        expect.arrayContaining([
          finding(
            'problem',
            /"bare" has x-dead-letter-exchange \(absent\).*gives up on is dropped/,
            /topology migrate/,
          ),
          finding(
            'problem',
            /"bare" has x-delivery-limit \(absent\), planned is 20: before RabbitMQ 4\.0/,
            /topology migrate/,
          ),
        ]),
      );
      const unbound = await doctor('unbound', management);
      expect(unbound).toEqual({
        code: 1,
        found: [
          finding(
            'problem',
            /binding "warren\.dead → unbound\.dead \(unbound\)" is missing: .*dropped/,
            /topology apply/,
          ),
        ],
      });
      const diff = await run(['topology', 'diff', ...management], 'unbound');
      expect(diff).toMatchObject({ code: 1, stdout: 'missing binding warren.dead → unbound.dead (unbound)\n' });
      await run(['topology', 'apply'], 'unbound');
      const whole = await run(['topology', 'diff', ...management], 'unbound');
      expect(whole).toMatchObject({
        code: 0,
        stdout: 'The exchanges, queues and bindings on the broker are as planned.\n',
      });
    }, 60_000);

    it('finds a task that may run longer than the broker waits for it', async () => {
      await run(['topology', 'apply'], 'slow');
      const byDefault = await doctor('slow', [], { TEST_TIMEOUT: '45m' });
      if (series !== '3.10') {
        // Consumers ask this one for the time that they need.
        expect(byDefault).toMatchObject({ code: 0 });
        return;
      }
      expect(byDefault.code).toBe(1);
      expect(byDefault.found).toEqual(
        expect.arrayContaining([finding('warning', /up to 45m, .* after 30m \(its default\)/, /consumer_timeout/)]),
      );
      expect(await doctor('slow', ['--consumer-timeout', '1h'], { TEST_TIMEOUT: '45m' })).toMatchObject({ code: 0 });
    }, 120_000);

    it('finds transient queues, unrouted tasks, policies over the guarantees, and limits', async () => {
      await run(['topology', 'apply'], 'ill');
      const connection = await connect(broker.url);
      const channel = await connection.createChannel();
      await channel.assertQueue('fleeting', { durable: false, exclusive: false, autoDelete: false });
      await app.broker.publisher.publish({
        exchange: 'warren.delay.unrouted',
        routingKey: '',
        body: Buffer.from('{}'),
        properties: {},
      });
      await broker.ctl('set_policy', 'short', '^ill$', '{"message-ttl":60000}', '--apply-to', 'queues');
      await broker.ctl('set_vhost_limits', '{"max-queues": 10}');
      const { code, found } = await eventually(
        'the policy and the limit',
        () => doctor('ill', management),
        (now) => ['"short"', 'there may be 10'].every((word) => now.found.some(({ what }) => what.includes(word))),
        60_000,
      );
      expect(code).toBe(1);
      expect(found).toEqual(
        expect.arrayContaining([
          finding('problem', /^1 delayed messages stand in warren\.delay\.unrouted/, /topology apply/),
          finding('warning', /neither durable nor exclusive.*: fleeting$/, /durable/),
          finding('warning', /the policy "short" sets message-ttl on "ill"/, /out of the policy/),
          finding('problem', /there may be 10 queues of the virtual host, and there are \d\d/, /set_vhost_limits/),
        ]),
      );
      await broker.ctl('clear_vhost_limits');
      await broker.ctl('clear_policy', 'short');
      await app.broker.publisher.publish({
        exchange: '',
        routingKey: 'ill',
        body: Buffer.from('{}'),
        properties: {},
      });
      expect((await doctor('ill')).found).toEqual(
        expect.arrayContaining([finding('warning', /1 task waits in "ill" and no worker consumes it/, /worker/)]),
      );
      await connection.close();
    }, 120_000);

    it('finds what the user of the URL may not do', async () => {
      await run(['topology', 'apply'], 'guarded');
      await broker.ctl('add_user', 'limited', 'limited');
      await broker.ctl('set_permissions', 'limited', '^$', '^warren\\.dead$', '^guarded\\.dead$');
      const before = await app.broker.countReady('warren.delay.unrouted');
      const ended = await run(
        ['doctor', '--json'],
        'guarded',
        {},
        broker.url.replace('guest:guest', 'limited:limited'),
      );
      expect(ended.stderr).toBe('');
      expect(findings(ended)).toEqual(
        expect.arrayContaining([
          finding('warning', /may not read guarded, guarded\.suspects/, /set_permissions/),
          finding('warning', /may not write amq\.default, warren\.delay\.enter$/, /set_permissions/),
          finding('note', /may not configure guarded, guarded\.dead/, /declares/),
        ]),
      );
      // Trying has parked nothing.
      expect(await app.broker.countReady('warren.delay.unrouted')).toBe(before);
      expect(ended.code).toBe(1);
    }, 60_000);

    it('finds an alarm, over AMQP alone and with its node', async () => {
      await run(['topology', 'apply'], 'calm');
      await broker.ctl('set_vm_memory_high_watermark', 'absolute', '1MB');
      try {
        const alone = await eventually(
          'the alarm',
          () => doctor('calm', ['--no-management']),
          ({ found }) => found.some(({ what }) => what.startsWith('the broker blocks publishers')),
          60_000,
        );
        expect(alone).toMatchObject({ code: 1 });
        const alarm = alone.found.find(({ what }) => what.startsWith('the broker blocks publishers'));
        expect(alarm).toMatchObject({ severity: 'problem', what: expect.stringMatching(/memory/) as string });
        const managed = await eventually(
          'the alarm of the node',
          () => doctor('calm', management),
          ({ found }) => found.some(({ what }) => /the node warren-\d+@\S+ has a memory alarm/.test(what)),
          60_000,
        );
        expect(managed.code).toBe(1);
      } finally {
        await broker.ctl('set_vm_memory_high_watermark', '0.6');
      }
    }, 150_000);
  },
);

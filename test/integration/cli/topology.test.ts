import { join } from 'node:path';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { CommandProcess, warren } from '../../support/command-line';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'warren topology on RabbitMQ $version',
  ({ url }) => {
    let queue: string;
    const topology = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
      warren(['topology', ...args, '--url', url, '--tasks', TASKS], { env: { TEST_QUEUE: queue, ...env } });

    beforeEach(() => {
      queue = uniqueName('cli-topology');
    });
    afterEach(stopApps);

    it('tells what is missing, declares it, and then finds nothing different', async () => {
      const missing = await topology(['diff', '--json']);
      expect(missing.code).toBe(1);
      expect(JSON.parse(missing.stdout)).toEqual({
        differences: expect.arrayContaining([
          { kind: 'missing', entity: 'queue', name: queue },
          { kind: 'missing', entity: 'queue', name: `${queue}.dead` },
        ]) as unknown,
        notCompared: ['bindings'],
      });
      const app = await startApp({ url });
      expect(await app.broker.queueState(queue)).toBeUndefined();
      const applied = await topology(['apply']);
      expect(applied.stdout).toMatch(/^Applied: \d+ exchanges, \d+ queues/);
      expect(applied.code).toBe(0);
      expect(await app.broker.queueState(queue)).toEqual({ ready: 0, consumers: 0 });
      expect(await topology(['diff'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(
          /^The exchanges and queues on the broker are as planned\.\nNot compared: bindings\./,
        ) as string,
      });
    });

    it('tells every field that differs, and leaves what it finds alone', async () => {
      await topology(['apply']);
      const { code, stdout } = await topology(['diff'], { TEST_QUEUE_TYPE: 'classic' });
      expect(code).toBe(1);
      expect(stdout).toMatch(`different queue ${queue}\n`);
      expect(stdout).toMatch(/ {2}x-queue-type: planned "classic", on the broker "quorum"/);
      const refused = await topology(['apply'], { TEST_QUEUE_TYPE: 'classic' });
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/exists with other settings than planned/);
      expect(refused.stderr).toContain(`"warren topology migrate ${queue}" in the virtual host "/"`);
      expect(refused.stderr).toContain(`rabbitmqctl delete_queue -p / ${queue}`);
      expect((await topology(['diff'])).code).toBe(0);
    });

    it('shows the queues, in 80 columns, once and again and again', async () => {
      const env = { TEST_QUEUE: queue };
      const missing = await warren(['status', '--url', url, '--tasks', TASKS], { env });
      expect(missing).toMatchObject({ code: 1 });
      expect(missing.stdout).toMatch(/\(missing\)/);
      await topology(['apply']);
      await warren(
        [
          'enqueue',
          `${queue}.sendWelcome`,
          '{"to":"a@example.com","name":"A"}',
          '--count',
          '3',
          '--url',
          url,
          '--tasks',
          TASKS,
        ],
        { env },
      );
      const shown = await warren(['status', '--json', '--url', url, queue]);
      expect(shown.code).toBe(0);
      expect(JSON.parse(shown.stdout)).toMatchObject({ queues: [{ queue, ready: 3, dead: 0, consumers: 0 }] });
      const watching = new CommandProcess([
        'status',
        '--watch',
        '--interval',
        '100ms',
        '--url',
        url,
        queue,
        'q'.repeat(150),
      ]);
      await watching.said(/(?:READY[\s\S]*){3}/);
      watching.kill('SIGINT');
      const { code, stdout } = await watching.ended();
      expect(code).toBe(130);
      // Nothing is cut in a pipe.
      expect(stdout).toContain(`${'q'.repeat(150)} (missing)`);
    });
  },
);

describe('warren topology print', () => {
  it.each<[string, RegExp]>([
    ['text', /^Exchanges\n {2}warren\.dead/],
    ['json', /^\{\n {2}"exchanges"/],
    ['definitions', /"vhosts"/],
    ['mermaid', /^flowchart LR\n[\s\S]*\[\("emails"\)\]/],
  ])('prints the plan as %s, without a broker', async (format, expected) => {
    const { code, stdout } = await warren([
      'topology',
      'print',
      '--format',
      format,
      '--tasks',
      TASKS,
      '--url',
      'amqp://127.0.0.1:1',
    ]);
    expect(stdout).toMatch(expected);
    expect(code).toBe(0);
  });

  it('needs tasks', async () => {
    expect(await warren(['topology', 'print'])).toMatchObject({ code: 2, stdout: '' });
  });
});

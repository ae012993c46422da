import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Task, TaskQueue } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { eventually } from '../../support/bounded';
import { CommandProcess, warren } from '../../support/command-line';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');
const ADA = '{"to":"ada@example.com","name":"Ada"}';

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'warren enqueue on RabbitMQ $version',
  ({ url }) => {
    let queue: string;
    const ready = async (name = queue): Promise<number | undefined> =>
      (await startApp({ url })).broker.countReady(name);
    const enqueue = (args: readonly string[], input?: string) =>
      warren(['enqueue', `${queue}.sendWelcome`, ...args, '--url', url, '--tasks', TASKS], {
        env: { TEST_QUEUE: queue },
        ...(input === undefined ? {} : { input }),
      });

    beforeEach(async () => {
      queue = uniqueName('cli-enqueue');
      @TaskQueue(queue)
      class Emails {
        @Task({ name: `${queue}.sendWelcome`, payload: 'unchecked' })
        sendWelcome(): void {}
      }
      await startApp({ url, tasks: [Emails], consume: false });
    });
    afterEach(stopApps);

    it('enqueues one task and prints its id', async () => {
      const { code, stdout } = await enqueue([ADA, '--json', '--id', 'welcome-1']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({ id: 'welcome-1', task: `${queue}.sendWelcome`, queue });
      expect(await ready()).toBe(1);
    });

    it('sends headers, a correlation id and an expiry', async () => {
      const { code } = await enqueue([
        ADA,
        ...['--header', 'tenant=acme=1', '--header', 'region=eu', '--correlation-id', 'c-1', '--expires-in', '1h'],
        ...['--timeout', '30s'],
      ]);
      expect(code).toBe(0);
      const reader = await (await startApp({ url })).broker.openReader(queue);
      const { properties } = (await reader.next()) ?? {};
      expect(properties).toMatchObject({
        correlationId: 'c-1',
        expiration: '3600000',
        headers: { tenant: 'acme=1', region: 'eu' },
      });
      await reader.close();
    });

    it.each([
      [['--header', 'tenant'], /Expected name=value/],
      [['--header', 'a=1', '--header', 'a=2'], /"a" is given twice/],
      [['--header', 'warren-attempt=1'], /warren-attempt/],
      [['--expires-in', '1m', '--delay', '2m'], /expiresIn must be longer than the delay/],
      [['--correlation-id', ''], /correlationId must be a string of 1 to 255 bytes/],
    ])('refuses %j', async (args, told) => {
      const { code, stderr } = await enqueue([ADA, ...args]);
      expect(code).toBe(2);
      expect(stderr).toMatch(told);
      expect(await ready()).toBe(0);
    });

    it('refuses a payload that breaks its contract, and sends nothing', async () => {
      const { code, stderr } = await enqueue(['{"to":"nobody","name":7}']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/error: The payload of task ".*" is invalid: .*to: /);
      expect(await ready()).toBe(0);
    });

    it.each([
      'warren.delay.03',
      'emails.dead',
      'emails.suspects',
      'emails.dead.replay',
      'emails.migrating',
      'amq.topic',
    ])('refuses the queue %s, which Warren or RabbitMQ reserves', async (reserved) => {
      const ended = await warren(['enqueue', 'jam.it', '{}', '--queue', reserved, '--url', url]);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toMatch(/a queue name must not (begin|end) with .* reserves/);
    });

    it('sends the good lines of standard input and tells the bad ones by number', async () => {
      const { code, stdout, stderr } = await enqueue(['-'], `${ADA}\n\nno json\n${ADA}\n{"to":"x"}\n${ADA}`);
      expect(code).toBe(1);
      expect(stdout).toBe('Enqueued 3, failed 2.\n');
      expect(stderr).toMatch(/line 3: not valid JSON/);
      expect(stderr).toMatch(/line 5: The payload of task/);
      expect(await ready()).toBe(3);
    });

    it('reads a file, repeats with --count, and delays', async () => {
      const file = join(tmpdir(), `${queue}.json`);
      await writeFile(file, ADA);
      expect(await enqueue([`@${file}`, '--count', '250'])).toMatchObject({ code: 0, stdout: 'Enqueued 250.\n' });
      expect(await enqueue([ADA, '--delay', '1h'])).toMatchObject({ code: 0 });
      expect(await ready()).toBe(250);
    });

    it('needs the queue of a task that nobody knows, and says that nothing is checked', async () => {
      const unknown = await warren(['enqueue', 'strange', '{}', '--url', url]);
      expect(unknown).toMatchObject({ code: 2, stdout: '' });
      expect(unknown.stderr).toMatch(/not known here\..*--queue/);
      const sent = await warren(['enqueue', 'strange', '{}', '--queue', queue, '--url', url]);
      expect(sent.code).toBe(0);
      expect(sent.stderr).toMatch(/payload is not checked/);
      const unroutable = await warren(['enqueue', 'strange', '{}', '--queue', `${queue}.none`, '--url', url]);
      expect(unroutable.code).toBe(1);
      expect(unroutable.stderr).toMatch(/reached no queue/);
    });

    it('ends in good order when it is interrupted: what it says was enqueued is there', async () => {
      const command = new CommandProcess([
        'enqueue',
        'strange',
        '{}',
        '--queue',
        queue,
        '--url',
        url,
        '--count',
        '5000000',
        '--json',
      ]);
      await eventuallyReady();
      command.kill('SIGINT');
      const { code, stdout } = await command.ended();
      expect(code).toBe(130);
      const { enqueued, interrupted } = JSON.parse(stdout) as { enqueued: number; interrupted: boolean };
      expect(interrupted).toBe(true);
      expect(await ready()).toBe(enqueued);
    });

    async function eventuallyReady(): Promise<void> {
      const app = await startApp({ url });
      await eventually(
        'the first tasks',
        () => app.broker.countReady(queue),
        (count) => (count ?? 0) > 0,
      );
    }
  },
);

describe('warren enqueue', () => {
  it.each([
    ['JSON that is none', ['enqueue', 't', '{to:1}'], /not valid JSON/],
    ['a file that is not there', ['enqueue', 't', '@no.json'], /cannot read no\.json: ENOENT/],
    ['both a delay and an instant', ['enqueue', 't', '{}', '--delay', '1s', '--at', '2030-01-01'], /--delay or --at/],
    ['a delay that is none', ['enqueue', 't', '{}', '--delay', 'soon'], /Expected '250ms'/],
    ['a name for many', ['enqueue', 't', '{}', '--count', '2', '--id', 'x'], /--id names one task/],
  ])('ends with 2 over %s', async (_name, args, expected) => {
    const { code, stderr } = await warren(args);
    expect(stderr).toMatch(expected);
    expect(code).toBe(2);
  });
});

import { join } from 'node:path';
import { defineTask } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { type CommandOptions, CommandProcess, warren } from '../../support/command-line';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'warren worker on RabbitMQ $version',
  ({ url, version }) => {
    const running: CommandProcess[] = [];
    const start = (args: readonly string[], options: CommandOptions): CommandProcess => {
      const command = new CommandProcess(['worker', ...args, '--url', url], options);
      running.push(command);
      return command;
    };

    afterEach(async () => {
      for (const command of running.splice(0)) {
        command.kill('SIGKILL');
        await command.ended();
      }
      await stopApps();
    });

    it('finds the tasks, says what it runs, runs it, and ends with 0 on SIGTERM', async () => {
      const queue = uniqueName('cli-worker');
      const worker = start([TASKS, '--concurrency', '7'], { env: { TEST_QUEUE: queue } });
      await worker.said(/warren worker is ready/);
      const ready = worker.stderr
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .find(({ message }) => message === 'warren worker is ready');
      expect(ready).toMatchObject({
        level: 'info',
        server: `RabbitMQ ${version}`,
        queues: [{ name: queue, concurrency: 7 }],
        tasks: [`${queue}.order`, `${queue}.sendWelcome`],
      });
      expect(worker.stderr).not.toContain('guest:');

      const app = await startApp({ url });
      const contract = defineTask(`${queue}.sendWelcome`, { queue, payload: 'unchecked' });
      await app.client.enqueue(contract, { to: 'ada@example.com', name: 'Ada' });
      await worker.said(/sent to ada@example\.com/);
      worker.kill('SIGTERM');
      expect(await worker.ended()).toMatchObject({ code: 0 });
    }, 60_000);

    it('takes its tasks and options from warren.config.json', async () => {
      const queue = uniqueName('cli-config');
      const worker = start(['--config', join(__dirname, 'fixtures/worker.config.json')], {
        env: { TEST_QUEUE: queue },
      });
      await worker.said(/warren worker is ready/);
      worker.kill('SIGINT');
      expect(await worker.ended()).toMatchObject({ code: 0 });
    }, 60_000);
  },
);

describe('several hosts', () => {
  const [broker] = sharedBrokers();
  const url = broker?.url ?? '';
  const dead = 'amqp://me:my-secret@127.0.0.1:1';

  it.each<[string, readonly string[], NodeJS.ProcessEnv]>([
    ['--url given twice', ['--url', dead, '--url', url], {}],
    ['AMQP_URL with a comma', [], { AMQP_URL: `${dead},${url}` }],
  ])('are %s: the one that lives is found', async (_name, args, env) => {
    const { code, stderr } = await warren(['status', uniqueName('nowhere'), ...args], { env });
    expect(stderr).not.toMatch(/my-secret|Cannot connect/);
    expect(code).not.toBe(3);
  });

  it('are all named when none lives, without their passwords', async () => {
    const { code, stderr } = await warren(['status', '--url', dead, '--url', dead.replace(':1', ':2')]);
    expect(stderr).toMatch(/none of 2 hosts could be used\. amqp:\/\/127/);
    expect(stderr).not.toContain('my-secret');
    expect(code).toBe(3);
  });
});

describe('warren worker', () => {
  it('ends with 3 and one line where there is no broker, without the password', async () => {
    const { code, stderr, stdout } = await warren(['worker', TASKS, '--url', 'amqp://me:my-secret@127.0.0.1:1']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/error: Cannot connect to amqp:\/\/127\.0\.0\.1:1 \(unreachable\)/);
    expect(stderr).not.toMatch(/my-secret|\n\s+at /);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no tasks', ['worker'], /name the files with tasks/],
    ['a glob without files', ['worker', 'nowhere/*.js'], /matches no file/],
    ['an unknown queue', ['worker', TASKS, '--queues', 'emials'], /consume names the queue "emials".*emails/],
    [
      'an unknown option',
      ['worker', TASKS, '--concurency', '3'],
      /unknown option '--concurency'\n\(Did you mean --concurrency\?\)/,
    ],
    ['a number out of range', ['worker', TASKS, '--concurrency', '0'], /whole number from 1 to 10000/],
    ['TypeScript without a loader', ['worker', join(__dirname, 'fixtures/decorated.ts')], /with a TypeScript loader/],
    ['a configuration that is not there', ['worker', '--config', 'no.json'], /no configuration at no\.json/],
    ['a wrong URL', ['worker', TASKS, '--url', 'http://x'], /must begin with amqp:\/\//],
  ])('ends with 2 and says what is wrong with %s', async (_name, args, expected) => {
    const { code, stderr } = await warren(args);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  });

  it('explains itself with an example', async () => {
    const { code, stdout } = await warren(['worker', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Usage: warren worker \[options\] \[glob\.\.\.\]/);
    expect(stdout).toMatch(/Example:\n {2}\$ warren worker /);
  });
});

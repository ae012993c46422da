import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { defineTask, type TaskApp } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { eventually } from '../../support/bounded';
import { CommandProcess, type Ended, warren } from '../../support/command-line';
import { NEWEST_TESTED } from '../../support/rabbitmq/broker';
import { sharedBrokers, startPrivateBroker } from '../../support/rabbitmq/shared-brokers';
import { drainIds, fillLetters } from './letters';

const MAIN = resolve(__dirname, '../../../dist/cli/main.js');
const execFileAsync = promisify(execFile);
const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');
const ADA = '{"to":"ada@example.com","name":"Ada"}';

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'operating RabbitMQ $version',
  ({ url }) => {
    let queue: string;
    let app: TaskApp;
    const run = (args: readonly string[], type?: 'classic'): Promise<Ended> =>
      warren([...args, '--url', url, '--tasks', TASKS], { env: environment(type) });
    const environment = (type?: 'classic'): NodeJS.ProcessEnv => ({
      TEST_QUEUE: queue,
      ...(type === undefined ? {} : { TEST_QUEUE_TYPE: type }),
    });
    const enqueue = (count: number, type?: 'classic') =>
      run(['enqueue', `${queue}.sendWelcome`, ADA, '--count', String(count)], type);

    beforeEach(async () => {
      queue = uniqueName('cli-operate');
      app = await startApp({ url });
    });
    afterEach(stopApps);

    it('doctor finds what is missing, different, waiting and dead, and says the remedy', async () => {
      const missing = await run(['doctor', '--json']);
      expect(missing.code).toBe(1);
      expect(JSON.parse(missing.stdout)).toMatchObject({
        server: { product: 'RabbitMQ' },
        findings: expect.arrayContaining([
          {
            severity: 'problem',
            what: `3 queues are missing: ${queue}, ${queue}.dead, ${queue}.suspects`,
            remedy: expect.stringContaining('topology apply') as string,
          },
        ]) as unknown,
      });
      await run(['topology', 'apply']);
      expect((await run(['doctor'])).stdout).toMatch(/^RabbitMQ [\d.]+ at amqp:/);
      await enqueue(2);
      await fillLetters(app, queue, [{ id: 'one' }]);
      const { code, stdout } = await run(['doctor'], 'classic');
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /problem the queue "cli-operate.*" has x-queue-type "quorum", planned is "classic"\n {8}Run "warren topology migrate"/,
      );
      expect(stdout).toMatch(/warning 2 tasks wait in "cli-operate.*" and no worker consumes it/);
      expect(stdout).toMatch(/note {4}1 dead letter in/);
    });

    it('prune deletes what is no longer planned, empty and unused, and nothing else', async () => {
      await run(['topology', 'apply']);
      const old = queue;
      queue = uniqueName('cli-operate');
      await run(['topology', 'apply']);
      await fillLetters(app, old, [{ id: 'one' }]);
      const kept = await run(['topology', 'prune', old, queue, '--yes', '--json']);
      expect(kept.code).toBe(0);
      expect(JSON.parse(kept.stdout)).toMatchObject({
        deleted: [
          { name: old, result: 'deleted' },
          { name: `${old}.suspects`, result: 'deleted' },
        ],
      });
      expect(await app.broker.queueState(old)).toBeUndefined();
      const letter = await eventually(
        'the letter',
        () => app.broker.queueState(`${old}.dead`),
        (state) => state?.ready === 1,
      );
      expect(letter).toMatchObject({ ready: 1 });
      expect(await app.broker.queueState(queue)).toMatchObject({ ready: 0 });
      await run(['dead', 'discard', old, '--yes']);
      await eventually(
        'no letter',
        () => app.deadLetters.count(old),
        (count) => count === 0,
      );
      const unasked = await run(['topology', 'prune', old]);
      expect(unasked.code).toBe(2);
      expect(unasked.stderr).toMatch(/Delete 1 queues: .*\.dead\?.*--yes/);
      expect(await run(['topology', 'prune', old, '--dry-run'])).toMatchObject({
        code: 0,
        stdout: `Would delete ${old}.dead.\n`,
      });
      expect(await run(['topology', 'prune', old, '--yes'])).toMatchObject({
        code: 0,
        stdout: `${old}.dead: deleted.\n`,
      });
      expect(await run(['topology', 'prune'])).toMatchObject({ code: 2 });
    });

    /** A queue as an older version, or somebody else, has declared it. */
    const standAs = async (old: 'classic' | 'quorum'): Promise<void> => {
      await run(['topology', 'apply'], old === 'classic' ? 'classic' : undefined);
      if (old === 'classic') return;
      await app.broker.deleteUnused(queue, 'quorum');
      const deadLetters = { 'x-dead-letter-exchange': 'warren.dead', 'x-dead-letter-routing-key': queue };
      const queues = [{ name: queue, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 5, ...deadLetters } }];
      await app.broker.declare({ exchanges: [], queues, bindings: [] });
    };

    it.each(['classic', 'quorum'] as const)(
      'migrate moves a %s queue and its dead letters to new arguments, though it is killed at every step',
      async (old) => {
        await standAs(old);
        await fillLetters(app, queue, [{ id: 'dead-one' }]);
        const count = 2_000;
        expect((await enqueue(count, old === 'classic' ? 'classic' : undefined)).code).toBe(0);
        expect((await run(['topology', 'diff'])).code).toBe(1);
        // No management plugin here: with a classic queue the operator has to vouch for what is out.
        const unchecked = old === 'classic' ? ['--unchecked'] : [];
        if (old === 'classic') {
          const refused = await run(['topology', 'migrate', queue, '--yes']);
          expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--unchecked') as string });
        }
        for (const step of [
          /preparing the queue/,
          /watching whether/,
          /moving \d+ messages out/,
          /deleting the old/,
          /declaring it/,
          /moving \d+ messages back/,
          /removing the queue that held/,
        ]) {
          const command = new CommandProcess(
            ['topology', 'migrate', queue, '--yes', ...unchecked, '--url', url, '--tasks', TASKS],
            { env: environment() },
          );
          await eventually(
            `step ${step}, or the end`,
            () => step.test(command.stderr) || /\.suspects: as planned/.test(command.stderr) || command.hasEnded,
            Boolean,
            30_000,
          );
          command.kill('SIGKILL');
          await command.ended();
        }
        const { code, stderr } = await run(['topology', 'migrate', queue, '--yes', ...unchecked]);
        expect({ code, stderr }).toMatchObject({ code: 0 });
        expect(await run(['topology', 'diff'])).toMatchObject({ code: 0 });
        expect(await app.broker.queueState(`${queue}.migrating`)).toBeUndefined();
        expect(await app.broker.queueState(`${queue}.dead.migrating`)).toBeUndefined();
        expect((await drainIds(app, queue, count)).size).toBe(count);
        await eventually(
          'the dead letter',
          () => app.deadLetters.count(queue),
          (found) => found >= 1,
        );
        // Its bindings are back: a delayed task comes home.
        await run(['enqueue', `${queue}.sendWelcome`, ADA, '--delay', '250ms']);
        await eventually(
          'the delayed task',
          () => app.broker.countReady(queue),
          (ready) => ready === 1,
        );
        expect(await run(['topology', 'migrate', queue])).toMatchObject({
          code: 0,
          stdout: 'Every queue has the arguments of the plan.\n',
        });
      },
      120_000,
    );

    it('migrate stops while somebody sends, and loses nothing that was confirmed', async () => {
      await standAs('quorum');
      let sent = 0;
      let sending = true;
      const contract = defineTask(`${queue}.sendWelcome`, { queue, payload: 'unchecked' });
      const sender = (async () => {
        while (sending) {
          await app.client.enqueue(contract, { to: 'ada@example.com', name: 'Ada' });
          sent++;
        }
      })();
      const busy = await run(['topology', 'migrate', queue, '--yes']);
      expect(busy.code).toBe(1);
      expect(busy.stderr).toMatch(/a sender is still active: stop the senders, then run this again/);
      expect(await app.broker.queueState(queue)).toBeDefined();
      sending = false;
      await sender;
      expect(await run(['topology', 'migrate', queue, '--yes'])).toMatchObject({ code: 0 });
      expect((await drainIds(app, queue, sent)).size).toBe(sent);
    }, 120_000);

    it('migrate refuses while somebody consumes', async () => {
      await run(['topology', 'apply'], 'classic');
      const subscription = await app.broker.subscribe({ queue, prefetch: 1, onDelivery: () => undefined });
      const { code, stderr } = await run(['topology', 'migrate', queue, '--yes']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/1 consumers: stop the workers/);
      await subscription.close();
    });
  },
);

describe('with the management plugin', () => {
  it('status knows what runs, and doctor looks at policies, flags and queues', async () => {
    const broker = await startPrivateBroker({ series: NEWEST_TESTED, plugins: ['rabbitmq_management'] });
    try {
      const queue = 'managed';
      const management = ['--management', String(broker.managementUrl).replace('http://', 'http://guest:guest@')];
      const run = (...args: string[]) =>
        warren([...args, '--url', broker.url, '--tasks', TASKS], { env: { TEST_QUEUE: queue } });
      await run('topology', 'apply');
      await broker.ctl('set_policy', 'short', `^${queue}$`, '{"message-ttl":60000}', '--apply-to', 'queues');
      const app = await startApp({ url: broker.url });
      await run('enqueue', `${queue}.sendWelcome`, ADA, '--count', '3');
      const subscription = await app.broker.subscribe({ queue, prefetch: 2, onDelivery: () => undefined });
      await eventually(
        'two running tasks',
        async () => (await run('status', '--json', ...management)).stdout,
        (stdout) => /"running": 2/.test(stdout),
        60_000,
      );
      const found = await eventually(
        'the policy',
        () => run('doctor', ...management),
        ({ stdout }) => /the policy "short" sets message-ttl/.test(stdout),
        60_000,
      );
      expect(found.stdout).not.toMatch(/management plugin does not answer/);
      await subscription.close();
      expect((await run('topology', 'prune', ...management)).stdout).toBe('Nothing to prune.\n');
      const [other] = sharedBrokers();
      const wrong = await warren(['status', 'x', '--url', String(other?.url), ...management]);
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).toMatch(/is of the cluster/);
    } finally {
      await stopApps();
      await broker.dispose();
    }
  }, 180_000);
});

describe('warren completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s that knows commands and options', async (shell) => {
    const { code, stdout } = await warren(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain('replay');
    expect(stdout).toMatch(/-l rate|--rate/);
  });

  it.each<[string, readonly string[]]>([
    ['warren de', ['dead']],
    ['warren dead re', ['replay']],
    ['warren dead replay --r', ['--rate', '--reason']],
    ['warren dead replay emails --reason crash', ['crash-loop']],
    ['warren topology print --format d', ['definitions']],
    ['warren completion z', ['zsh']],
  ])('completes "%s" in bash', async (line, expected) => {
    const { stdout: script } = await warren(['completion', 'bash']);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
    const ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _warren; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout, stderr } = await execFileAsync('bash', ['-c', `${script}\n${ask}`, 'bash', ...line.split(' ')]);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(expected);
  });

  it.each<[string, readonly string[]]>([
    ['warren enqueue emails.', ['emails.sendWelcome']],
    ['warren dead list em', ['emails']],
    ['warren dead list --task em', ['emails.sendWelcome']],
    ['warren enqueue x --queue e', ['emails']],
    ['warren status em', ['emails']],
    ['warren schedules pause ye', ['yearly']],
  ])('completes the names of the project: "%s"', async (line, expected) => {
    expect(await completed(line, 'names.config.cjs')).toEqual(expected);
  });

  it('offers nothing, and says nothing, where the configuration cannot be loaded', async () => {
    expect(await completed('warren enqueue emails.', 'no-such.config.cjs')).toEqual(['']);
  });

  async function completed(line: string, config: string): Promise<readonly string[]> {
    const { stdout: script } = await warren(['completion', 'bash']);
    const [command = '', ...words] = line.split(' ');
    const typed = [command, '--config', join(__dirname, 'fixtures', config), ...words];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
    const ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _warren; printf "%s\\n" "${COMPREPLY[@]}"';
    const itself = `warren() { '${process.execPath}' '${MAIN}' "$@"; }`;
    const { stdout, stderr } = await execFileAsync('bash', ['-c', `${itself}\n${script}\n${ask}`, 'bash', ...typed], {
      cwd: __dirname,
    });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  }
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Task, type TaskApp, TaskQueue } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { eventually } from '../../support/bounded';
import { CommandProcess, warren } from '../../support/command-line';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { drainIds, fillLetters } from './letters';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');

/** An app with a queue of its own that nobody consumes. */
async function appWithQueue(url: string, queue: string): Promise<TaskApp> {
  @TaskQueue(queue)
  class Emails {
    @Task({ name: `${queue}.sendWelcome`, payload: 'unchecked' })
    sendWelcome(): void {}
  }
  return startApp({ url, tasks: [Emails], consume: false });
}

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'warren dead on RabbitMQ $version',
  ({ url }) => {
    let queue: string;
    let app: TaskApp;
    let folder: string;
    const dead = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
      warren(['dead', ...args, '--url', url], { env: { TEST_QUEUE: queue, ...env } });

    beforeEach(async () => {
      queue = uniqueName('cli-dead');
      folder = await mkdtemp(join(tmpdir(), 'warren-cli-'));
      app = await appWithQueue(url, queue);
      await fillLetters(app, queue, [
        {
          id: 'one',
          error: { name: 'TypeError', message: 'Mailbox full' },
          payload: { to: 'ada@example.com', name: 'Ada' },
        },
        {
          id: 'two',
          error: { name: 'RangeError', message: 'too far' },
          task: 'other',
          diedAt: Date.now() - 3 * 86_400_000,
        },
        { id: 'three', reason: 'invalid-payload', payload: { to: 'nobody', name: 'Eve\u001b[31m' } },
      ]);
    });
    afterEach(async () => {
      await stopApps();
      await rm(folder, { recursive: true, force: true });
    });

    it('lists what the filters let through, and changes nothing', async () => {
      const ids = async (...args: string[]): Promise<readonly unknown[]> => {
        const { code, stdout } = await dead(['list', queue, '--json', ...args]);
        expect(code).toBe(0);
        return (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
      };
      expect(await ids()).toEqual(['one', 'two', 'three']);
      expect(await ids('--error', 'TypeError')).toEqual(['one']);
      expect(await ids('--message', 'mailbox')).toEqual(['one']);
      expect(await ids('--task', 'other')).toEqual(['two']);
      expect(await ids('--reason', 'invalid-payload')).toEqual(['three']);
      expect(await ids('--older-than', '1d')).toEqual(['two']);
      expect(await ids('--younger-than', '1d', '--limit', '1')).toEqual(['one']);
      expect(await ids('--id', 'three', '--id', 'two')).toEqual(['two', 'three']);
      const { stdout } = await dead(['list', '--tasks', TASKS]);
      expect(stdout).toMatch(/^ *AGE {2}QUEUE .* ERROR\n/);
      expect(stdout).toMatch(/3d {2}cli-dead.*RangeEr/);
      expect(stdout).toMatch(/3 of 3 dead letters\./);
      expect(await app.deadLetters.count(queue)).toBe(3);
    });

    it('shows one letter with its payload, and lets no control character through', async () => {
      const { code, stdout } = await dead(['show', 'three', queue]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/reason +invalid-payload/);
      expect(stdout).toContain('"to": "nobody"');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there.
      expect(stdout).not.toMatch(/\u001b/);
      const missing = await dead(['show', 'nobody', queue]);
      expect(missing).toMatchObject({ code: 1, stdout: '' });
      expect(missing.stderr).toMatch(/there is no dead letter with the id "nobody" in cli-dead/);
    });

    describe('where one queue of the tasks was never declared', () => {
      let config: string;
      let never: string;

      beforeEach(async () => {
        config = join(folder, 'warren.config.cjs');
        never = uniqueName('cli-never');
        await writeFile(
          config,
          `const { Task, TaskQueue } = require(${JSON.stringify(join(__dirname, '../../../dist'))});
          const queue = (name) => {
            class Tasks { run() {} }
            Task({ name: \`\${name}.run\`, payload: 'none' })(Tasks.prototype, 'run');
            TaskQueue(name)(Tasks);
            return Tasks;
          };
          module.exports = { tasks: [queue(${JSON.stringify(never)}), queue(${JSON.stringify(queue)})] };`,
        );
      });

      it.each<[readonly string[], RegExp]>([
        [['list'], /3 of 3 dead letters\./],
        [['show', 'two'], /^id +two\n/],
        [['export'], /^(\{.*\}\n){3}$/],
        [['replay', '--dry-run'], /^Would have replayed 3 dead letters of cli-dead\S+\n$/],
        [['discard', '--yes', '--id', 'one'], /^Discarded 1 dead letter of cli-dead\S+\n$/],
      ])('%j looks at those that exist', async (args, expected) => {
        const { code, stdout, stderr } = await dead([...args, '--config', config]);
        expect(stdout).toMatch(expected);
        expect(stderr).toContain(`Not on this broker, and so not looked at: ${never}.dead.`);
        expect(code).toBe(0);
      });
    });

    it('fails where a queue that was named, or every queue of the tasks, is not there', async () => {
      const never = uniqueName('cli-never');
      for (const args of [
        ['list', queue, never],
        ['list', '--tasks', TASKS],
      ] as const) {
        const { code, stderr } = await dead(args, { TEST_QUEUE: never });
        expect(code).toBe(1);
        expect(stderr).toContain(`The queue "${never}.dead" does not exist`);
      }
    });

    it('replays what the filters let through, with a dry run before it', async () => {
      expect(await dead(['replay', queue, '--reason', 'exhausted', '--dry-run'])).toMatchObject({
        code: 0,
        stdout: `Would have replayed 2 dead letters of ${queue}.\n`,
      });
      expect(await app.deadLetters.count(queue)).toBe(3);
      const { code, stdout } = await dead(['replay', queue, '--reason', 'exhausted', '--json', '--yes']);
      expect({ code, result: JSON.parse(stdout) as unknown }).toEqual({
        code: 0,
        result: { replayed: [{ queue, done: 2 }], dryRun: false, interrupted: false },
      });
      expect([...(await drainIds(app, queue, 2))].sort()).toEqual([
        ['one', 1],
        ['two', 1],
      ]);
      await eventually(
        'the other letter',
        () => app.deadLetters.count(queue),
        (count) => count === 1,
      );
    });

    it('edits a payload in an editor, checks it, and keeps the original', async () => {
      const editor = join(folder, 'editor.sh');
      await writeFile(editor, 'sed -i s/nobody/eve@example.com/ "$1"\n');
      const edited = await dead(['replay', queue, '--id', 'three', '--edit', '--tasks', TASKS], {
        EDITOR: `sh ${editor}`,
      });
      expect(edited).toMatchObject({ code: 0, stdout: `Replayed 1 dead letter of ${queue}.\n` });
      const reader = await app.broker.openReader(queue);
      const task = await eventually(
        'the task',
        () => reader.next(),
        (found) => found !== undefined,
      );
      expect(JSON.parse(String(task?.body))).toMatchObject({ to: 'eve@example.com' });
      expect(String(task?.properties.headers?.['warren-original'])).toContain('"nobody"');

      const refused = await dead(['replay', queue, '--id', 'one', '--edit', '--tasks', TASKS], {
        EDITOR: 'sed -i s/ada@example.com/x/',
      });
      expect(refused).toMatchObject({ code: 0, stdout: `Replayed 0 dead letters of ${queue}.\n` });
      expect(refused.stderr).toMatch(/one: to: /);
      await eventually(
        'the letters',
        () => app.deadLetters.count(queue),
        (count) => count === 2,
      );
    });

    it('replays only after it was agreed to, and what killed workers only where it is named', async () => {
      await fillLetters(app, queue, [{ id: 'poison', reason: 'crash-loop' }]);
      const unasked = await dead(['replay', queue]);
      expect(unasked).toMatchObject({ code: 2, stdout: '' });
      expect(unasked.stderr).toMatch(/Replay 3 dead letters of .*\? .*--yes/);
      expect(await app.deadLetters.count(queue)).toBe(4);
      const agreed = await dead(['replay', queue, '--yes']);
      expect(agreed).toMatchObject({ code: 0, stdout: `Replayed 3 dead letters of ${queue}.\n` });
      expect(agreed.stderr).toMatch(/crash-loop stay \(1\).*--poison/);
      expect((await app.deadLetters.list(queue)).map(({ id }) => id)).toEqual(['poison']);
      expect(await dead(['replay', queue, '--dry-run'])).toMatchObject({
        stdout: `Would have replayed 0 dead letters of ${queue}.\n`,
      });
      expect(await dead(['replay', queue, '--yes', '--poison'])).toMatchObject({
        stdout: `Replayed 1 dead letter of ${queue}.\n`,
      });
    });

    async function publishLetter(body: string, messageId: string, type: string): Promise<void> {
      const before = await app.deadLetters.count(queue);
      await app.broker.publisher.publish({
        exchange: 'warren.dead',
        routingKey: queue,
        body: Buffer.from(body),
        properties: { messageId, type },
      });
      await eventually(
        'the letter',
        () => app.deadLetters.count(queue),
        (count) => count === before + 1,
      );
    }
    async function nextTask() {
      const reader = await app.broker.openReader(queue);
      return eventually(
        'the task',
        () => reader.next(),
        (found) => found !== undefined,
      );
    }

    it.each([
      ['', 'without a byte order mark'],
      ['\ufeff', 'with a byte order mark'],
    ])(
      'shows, exports and edits numbers to the last digit, and changes no byte that was not edited: %j',
      async (mark) => {
        const body = `${mark}{"orderId":9007199254740993,  "price" : 1.0, "big":[1e400, -1E999], "s":"\\u0041", "to":"nobody"}`;
        await publishLetter(body, 'numbers', 'unchecked.numbers');
        const compact =
          '"payload":{"orderId":9007199254740993,"price":1.0,"big":[1e400,-1E999],"s":"\\u0041","to":"nobody"}';
        expect((await dead(['show', 'numbers', queue])).stdout).toContain(
          '"orderId": 9007199254740993,\n  "price": 1.0',
        );
        expect((await dead(['show', 'numbers', queue, '--json'])).stdout).toMatch(
          /"orderId": 9007199254740993[\s\S]*1e400,\s+-1E999/,
        );
        expect((await dead(['export', queue, '--id', 'numbers'])).stdout).toContain(compact);
        const edited = await dead(['replay', queue, '--id', 'numbers', '--edit'], { EDITOR: 'sed -i s/nobody/eve/' });
        expect(edited).toMatchObject({ code: 0, stdout: `Replayed 1 dead letter of ${queue}.\n` });
        const task = await nextTask();
        expect(String(task?.body)).toBe(body.replace('nobody', 'eve'));
        expect(String(task?.properties.headers?.['warren-original'])).toBe(body);
      },
    );

    it.each([
      ['{"cents":2,"meta":{"big":1e400,"to":"nobody"}}', undefined],
      ['{"cents":1e400,"meta":{"to":"nobody"}}', 'cents: must be an integer number'],
    ])('edits a number beyond the range of JavaScript where no rule looks at it: %s', async (body, problem) => {
      await publishLetter(body, 'numbers', `${queue}.order`);
      const edited = await dead(['replay', queue, '--id', 'numbers', '--edit', '--tasks', TASKS], {
        EDITOR: 'sed -i s/nobody/eve/',
      });
      const done = problem === undefined ? '1 dead letter' : '0 dead letters';
      expect(edited).toMatchObject({ code: 0, stdout: `Replayed ${done} of ${queue}.\n` });
      expect(edited.stderr).toContain(problem ?? '');
      if (problem === undefined) expect(String((await nextTask())?.body)).toBe(body.replace('nobody', 'eve'));
    });

    it('discards only after it was agreed to', async () => {
      const unasked = await dead(['discard', queue, '--task', 'other']);
      expect(unasked).toMatchObject({ code: 2, stdout: '' });
      expect(unasked.stderr).toMatch(/Discard 1 dead letter of .* for good\? .*--yes/);
      expect(await dead(['discard', queue, '--task', 'other', '--yes'])).toMatchObject({
        code: 0,
        stdout: `Discarded 1 dead letter of ${queue}.\n`,
      });
      await eventually(
        'the others',
        () => app.deadLetters.count(queue),
        (count) => count === 2,
      );
    });

    it('exports JSON Lines, never over a file that is there', async () => {
      const file = join(folder, 'letters.jsonl');
      expect(await dead(['export', queue, '--output', file])).toMatchObject({
        code: 0,
        stdout: '',
        stderr: 'Exported 3 dead letters.\n',
      });
      const lines = (await readFile(file, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines.map(({ id }) => id)).toEqual(['one', 'two', 'three']);
      expect(lines[0]).toMatchObject({ payload: { to: 'ada@example.com' }, error: { error: 'TypeError' } });
      const again = await dead(['export', queue, '--output', file]);
      expect(again.code).toBe(2);
      expect(again.stderr).toMatch(/there is such a file/);
      expect(await app.deadLetters.count(queue)).toBe(3);
    });

    it('ends a replay in good order on SIGINT: what it did not replay is still there', async () => {
      await fillLetters(
        app,
        queue,
        Array.from({ length: 200 }, (_, index) => ({ id: `more-${index}` })),
      );
      const command = new CommandProcess(['dead', 'replay', queue, '--yes', '--rate', '20', '--json', '--url', url]);
      await eventually(
        'the first tasks',
        () => app.broker.countReady(queue),
        (count) => (count ?? 0) >= 10,
      );
      command.kill('SIGINT');
      const { code, stdout } = await command.ended();
      expect(code).toBe(130);
      const { replayed, interrupted } = JSON.parse(stdout) as { replayed: { done: number }[]; interrupted: boolean };
      const done = replayed[0]?.done ?? 0;
      expect(interrupted).toBe(true);
      expect(done).toBeLessThan(203);
      await eventually(
        'the letters that stay',
        () => app.deadLetters.count(queue),
        (count) => count === 203 - done,
      );
      expect((await drainIds(app, queue, done)).size).toBe(done);
    });

    it('lets one replay of a queue run at a time', async () => {
      await fillLetters(
        app,
        queue,
        Array.from({ length: 50 }, (_, index) => ({ id: `more-${index}` })),
      );
      const first = new CommandProcess(['dead', 'replay', queue, '--yes', '--rate', '5', '--url', url]);
      await eventually(
        'the first task',
        () => app.broker.countReady(queue),
        (count) => (count ?? 0) >= 1,
      );
      const second = await dead(['replay', queue, '--yes']);
      expect(second.code).toBe(1);
      expect(second.stderr).toMatch(/Somebody else holds the lock/);
      first.kill('SIGKILL');
      await first.ended();
    });

    it('says what is wrong with a queue that has no dead letters at all, or is not named', async () => {
      expect((await dead(['list', `${queue}.none`])).stderr).toMatch(/does not exist/);
      expect(await dead(['list'])).toMatchObject({ code: 2 });
      expect(await dead(['list', queue, '--reason', 'bad-luck'])).toMatchObject({ code: 2 });
    });
  },
);

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))(
  'warren dead replay of 50,000 letters on RabbitMQ $version',
  ({ url }) => {
    const LETTERS = 50_000;
    afterEach(stopApps);

    it('replays every letter once, though it is killed with -9 over and over', async () => {
      const queue = uniqueName('cli-kill');
      const app = await appWithQueue(url, queue);
      await fillLetters(
        app,
        queue,
        Array.from({ length: LETTERS }, (_, index) => ({ id: `letter-${index}` })),
      );
      for (const killAt of [1_234, 12_345, 25_000]) {
        const command = new CommandProcess(['dead', 'replay', queue, '--yes', '--url', url]);
        await eventually(
          `${killAt} replayed`,
          () => app.broker.countReady(queue),
          (count) => (count ?? 0) >= killAt,
          90_000,
        );
        command.kill('SIGKILL');
        expect((await command.ended()).code).toBeNull();
      }
      const { code } = await warren(['dead', 'replay', queue, '--yes', '--url', url], { timeoutMs: 120_000 });
      expect(code).toBe(0);
      const ids = await drainIds(app, queue, LETTERS);
      expect([ids.size, [...ids.values()].filter((times) => times !== 1)]).toEqual([LETTERS, []]);
      expect(await app.deadLetters.count(queue)).toBe(0);
      expect(await app.broker.countReady(`${queue}.dead.replay`)).toBe(0);
      expect(await app.broker.countReady(queue)).toBe(0);
    }, 600_000);
  },
);

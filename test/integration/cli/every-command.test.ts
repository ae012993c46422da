import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../../src/cli/program';
import { Session } from '../../../src/cli/session';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { eventually } from '../../support/bounded';
import { warren } from '../../support/command-line';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { fillLetters } from './letters';

const TASKS = join(__dirname, 'fixtures/*.tasks.cjs');
const NO_TASKS = join(__dirname, 'fixtures/no-such.tasks.cjs');
const NOBODY = 'amqp://me:my-secret@127.0.0.1:1';
const STACK = /\n\s+at /;

/** How a command is used so that it does something small. */
interface Usage {
  readonly command: string;
  /** Behind the command; `QUEUE` is the queue of the test. */
  readonly args: readonly string[];
  /** A way to use it that finds a problem; none: it has no such end. */
  readonly problem?: readonly string[];
  /** The queue of the tasks, for that; none: the queue of the test. */
  readonly problemQueue?: string;
  /** It connects nowhere. */
  readonly local?: boolean;
  /** What it prints with --json: a document, lines of them, nothing, or it has no such option. */
  readonly json?: 'lines' | 'nothing' | 'none';
  /** Runs until a signal. Its exit codes 0 and 130 are tested beside it. */
  readonly endless?: boolean;
  /** What it does where all is well needs more than a shared broker: it is tested on one of its own, beside this file. */
  readonly hasOwnTest?: boolean;
}

const USAGES: readonly Usage[] = [
  { command: 'worker', args: [TASKS], endless: true },
  {
    command: 'enqueue',
    args: ['QUEUE.sendWelcome', '{"to":"ada@example.com","name":"Ada"}'],
    problem: ['QUEUE.sendWelcome', '{"to":"nobody"}'],
  },
  { command: 'status', args: ['QUEUE'], problem: ['no-such-queue'] },
  // What it finds hangs on what others have left in the shared broker.
  { command: 'doctor', args: [], problem: [], problemQueue: 'no-such-queue', hasOwnTest: true },
  { command: 'dead list', args: ['QUEUE'], problem: ['no-such-queue'] },
  { command: 'dead show', args: ['letter-0', 'QUEUE'], problem: ['no-such-letter', 'QUEUE'] },
  { command: 'dead export', args: ['QUEUE'], problem: ['no-such-queue'], json: 'lines' },
  { command: 'dead replay', args: ['QUEUE', '--id', 'letter-0', '--yes'], problem: ['no-such-queue', '--yes'] },
  { command: 'dead discard', args: ['QUEUE', '--id', 'letter-1', '--yes'], problem: ['no-such-queue', '--yes'] },
  { command: 'schedules list', args: [] },
  { command: 'schedules trigger', args: ['no-such-schedule'], problem: ['no-such-schedule'], hasOwnTest: true },
  { command: 'schedules pause', args: ['no-such-schedule'], problem: ['no-such-schedule'], hasOwnTest: true },
  { command: 'schedules resume', args: ['no-such-schedule'], problem: ['no-such-schedule'], hasOwnTest: true },
  { command: 'topology print', args: [], local: true },
  { command: 'topology diff', args: [], problem: [], problemQueue: 'no-such-queue' },
  { command: 'topology apply', args: [] },
  { command: 'topology prune', args: ['no-such-queue', '--yes'] },
  { command: 'topology migrate', args: ['QUEUE', '--yes'] },
  { command: 'completion', args: ['bash'], local: true, json: 'none' },
];
const BROKER_USAGES = USAGES.filter(({ local }) => local !== true);
const JSON_USAGES = USAGES.filter(({ json }) => json !== 'none');

const words = ({ command }: Usage): readonly string[] => command.split(' ');

function leavesOf(command: Command, path: readonly string[] = []): readonly string[] {
  if (command.commands.length === 0) return [path.join(' ')];
  // Completion asks a command of its own, which is for scripts and not for people.
  const shown = command.commands.filter((sub) => !sub.name().startsWith('__'));
  return shown.flatMap((sub) => leavesOf(sub, [...path, sub.name()]));
}

it('knows every command there is', () => {
  const program = createProgram(new Session(process, {}, process.cwd()));
  expect([...leavesOf(program)].sort()).toEqual(USAGES.map(({ command }) => command).sort());
});

describe.each(USAGES)('warren $command', (usage) => {
  it('explains itself with an example, and ends with 0', async () => {
    const { code, stdout, stderr } = await warren([...words(usage), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: warren ${usage.command}`));
    expect(stdout).toMatch(/\nExamples?:\n {2}\$ /);
  });

  it('ends with 2 over an option that it does not have', async () => {
    const { code, stdout, stderr } = await warren([...words(usage), ...usage.args, '--no-such-option']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: unknown option '--no-such-option'/);
    expect(stderr).not.toMatch(STACK);
  });
});

describe.each(JSON_USAGES)('warren $command --json', (usage) => {
  it('tells as JSON what is wrong with the line, and ends with 2', async () => {
    const { code, stdout, stderr } = await warren([...words(usage), ...usage.args, '--json', '--no-such-option']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'USAGE', message: expect.stringContaining('--no-such-option') as string },
    });
  });

  it('tells as JSON what is wrong with the configuration, and ends with 2', async () => {
    // For a worker, the files come as its arguments, too.
    const args = usage.endless === true ? [] : usage.args;
    const { code, stdout, stderr } = await warren([...words(usage), ...args, '--json', '--tasks', NO_TASKS]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      error: { message: expect.stringMatching(/matches no file/) as string },
    });
  });
});

describe.each(BROKER_USAGES)('warren $command', (usage) => {
  it.each([[], ['--json']])(
    'ends with 3 where there is no broker, without a password or a stack %s',
    async (...json) => {
      const { code, stdout, stderr } = await warren([
        ...words(usage),
        ...usage.args,
        '--tasks',
        TASKS,
        '--url',
        NOBODY,
        ...json,
      ]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).not.toMatch(/my-secret/);
      expect(stderr).not.toMatch(STACK);
      if (json.length === 0)
        expect(stderr).toMatch(/^error: Cannot connect to amqp:\/\/127\.0\.0\.1:1 \(unreachable\)/m);
      // A worker that npm has started warns of that before.
      else
        expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
          error: { code: 'CONNECTION_FAILED' },
        });
    },
  );

  it('ends with 2 where the URL is none', async () => {
    const { code, stdout, stderr } = await warren([
      ...words(usage),
      ...usage.args,
      '--tasks',
      TASKS,
      '--url',
      'http://x:my-secret@y',
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/error: .*must begin with amqp:\/\//);
    expect(stderr).not.toMatch(/my-secret/);
  });
});

describe.each(sharedBrokers().map(({ version, url }) => ({ version, url })))('on RabbitMQ $version', ({ url }) => {
  let queue: string;
  const run = (usage: Usage, args: readonly string[], tasksQueue: string, ...more: readonly string[]) =>
    warren(
      [...words(usage), ...args.map((arg) => arg.replace('QUEUE', queue)), '--url', url, '--tasks', TASKS, ...more],
      { env: { TEST_QUEUE: tasksQueue } },
    );

  beforeAll(async () => {
    queue = uniqueName('cli-every');
    await warren(['topology', 'apply', '--url', url, '--tasks', TASKS], { env: { TEST_QUEUE: queue } });
  });
  beforeEach(async () => {
    const app = await startApp({ url });
    await fillLetters(app, queue, [{ id: 'letter-0' }, { id: 'letter-1' }]);
  });
  afterEach(async () => {
    const app = await startApp({ url });
    await warren(['dead', 'discard', queue, '--yes', '--url', url]);
    const reader = await app.broker.openReader(queue);
    for (let task = await reader.next(); task !== undefined; task = await reader.next()) task.ack();
    await reader.settled();
    await reader.close();
    await eventually(
      'an empty queue',
      () => app.broker.countReady(queue),
      (count) => count === 0,
    );
    await stopApps();
  });

  const finite = JSON_USAGES.filter(({ endless }) => endless !== true);

  it.each(finite.filter(({ hasOwnTest }) => hasOwnTest !== true))(
    'warren $command ends with 0 where all is well, and prints JSON for programs',
    async (usage) => {
      const { code, stdout, stderr } = await run(usage, usage.args, queue, '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      if (usage.json === 'lines') {
        for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ queue });
      } else expect(typeof JSON.parse(stdout)).toBe('object');
    },
  );

  it.each(finite.filter(({ problem }) => problem !== undefined))(
    'warren $command ends with 1 where it finds a problem, and says it without a stack',
    async (usage) => {
      const { code, stdout, stderr } = await run(usage, usage.problem ?? [], usage.problemQueue ?? queue);
      expect(code).toBe(1);
      expect(stdout + stderr).not.toBe('');
      expect(stderr).not.toMatch(STACK);
      expect(stderr).not.toMatch(/should not happen/);
    },
  );
});

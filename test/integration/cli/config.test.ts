import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startApp, stopApps, uniqueName } from '../../support/apps';
import { type Ended, warren } from '../../support/command-line';
import { PROJECT_FOLDER } from '../../support/project-folder';
import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';

const TASKS = join(__dirname, 'fixtures/emails.tasks.cjs');
const DIST = join(PROJECT_FOLDER, 'dist');
/** A loader for `require`, as `esbuild-register` is. */
const LOADER = `--require ${createRequire(__filename).resolve('esbuild-register')}`;
/** Whether this Node reads TypeScript by itself: since 22.18. */
const READS_TYPESCRIPT =
  (process.features as { typescript?: unknown }).typescript !== undefined &&
  (process.features as { typescript?: unknown }).typescript !== false;

const TYPESCRIPT = `import type { WarrenConfig } from 'warren';
const config: WarrenConfig = { tasks: [${JSON.stringify(TASKS)}] };
export default config;
`;

let folder: string;
const write = async (name: string, text: string): Promise<void> => {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
};
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  warren(args, { cwd: folder, env: { TEST_QUEUE: 'configured', ...env } });
const plannedQueues = async (env?: NodeJS.ProcessEnv): Promise<unknown> => {
  const { stdout, stderr } = await run(['topology', 'print', '--json'], env);
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as { queues: { name: string }[] }).queues.map(({ name }) => name);
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'warren-config-'));
});
afterEach(async () => {
  await stopApps();
  await rm(folder, { recursive: true, force: true });
});

describe('warren.config', () => {
  it.each<[string, Record<string, string>]>([
    ['.json', { 'warren.config.json': JSON.stringify({ tasks: [TASKS] }) }],
    ['.js as CommonJS', { 'warren.config.js': `module.exports = { tasks: [${JSON.stringify(TASKS)}] };` }],
    [
      '.js as an ES module',
      {
        'package.json': '{"type":"module"}',
        'warren.config.js': `export default { tasks: [${JSON.stringify(TASKS)}] };`,
      },
    ],
    ['.mjs', { 'warren.config.mjs': `export default { tasks: [${JSON.stringify(TASKS)}] };` }],
    [
      '.cjs that a compiler made of a default export',
      {
        'warren.config.cjs': `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { tasks: [${JSON.stringify(TASKS)}] };`,
      },
    ],
  ])('is read as %s', async (_name, files) => {
    for (const [name, text] of Object.entries(files)) await write(name, text);
    expect(await plannedQueues()).toContain('configured');
  });

  it('has globs that begin at its own folder, wherever it is used from', async () => {
    await write('deep/warren.config.json', '{ "tasks": ["./*.tasks.cjs"] }');
    await write('deep/a.tasks.cjs', `module.exports = require(${JSON.stringify(TASKS)});`);
    const { stdout } = await run(['topology', 'print', '--config', 'deep/warren.config.json']);
    expect(stdout).toContain('configured.dead');
  });

  it.each(['warren.config.ts', 'warren.config.cts'])('is read as TypeScript with a loader: %s', async (name) => {
    await write(name, TYPESCRIPT);
    expect(await plannedQueues({ NODE_OPTIONS: LOADER })).toContain('configured');
  });

  it('is read as TypeScript by Node itself where it can, and else says what to do', async () => {
    await write('warren.config.ts', TYPESCRIPT);
    // A project's own package.json: without one, Node cannot tell an ES module from CommonJS, and looks twice.
    await write('package.json', '{"type":"module"}');
    const { code, stdout, stderr } = await run(['topology', 'print']);
    if (READS_TYPESCRIPT) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('configured.dead');
      return;
    }
    expect(code).toBe(2);
    expect(stderr).toMatch(/warren\.config\.ts cannot be loaded: TypeError: Unknown file extension/);
    expect(stderr).toMatch(
      /Node \d+\.\d+\.\d+ cannot load it by itself: .*NODE_OPTIONS="--import @oxc-node\/core\/register"/,
    );
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each<[string, string, string, RegExp]>([
    ['no JSON', 'warren.config.json', '{ "url": "amqp://me:my-secret@x", }', /warren\.config\.json is not valid JSON/],
    ['no object', 'warren.config.json', '[]', /must export an object of options \(as its default\)/],
    [
      'code that throws',
      'warren.config.cjs',
      'throw new Error("no such setting")',
      /cannot be loaded: Error: no such setting/,
    ],
    ['code that is none', 'warren.config.cjs', 'module.exports = {', /cannot be loaded: SyntaxError/],
    ['an unknown option', 'warren.config.json', '{ "task": ["x"] }', /unknown option "task".*tasks/],
    ["one of the command line's own", 'warren.config.json', '{ "managment": "x" }', /did you mean "management"/],
    ['contracts that are none', 'warren.config.json', '{ "contracts": [1] }', /contracts must be an array/],
    ['a management that is no URL', 'warren.config.json', '{ "management": 3 }', /management must be a URL or false/],
  ])('that holds %s is refused with 2, and without a password or a stack', async (_name, file, text, expected) => {
    await write(file, text);
    const { code, stdout, stderr } = await run(['topology', 'print']);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/my-secret|\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('gives the broker and the contracts, and the command line wins', async () => {
    const [shared] = sharedBrokers();
    const url = String(shared?.url);
    const queue = uniqueName('cli-config');
    const app = await startApp({ url });
    await app.broker.declare({
      exchanges: [],
      queues: [{ name: queue, arguments: { 'x-queue-type': 'quorum' } }],
      bindings: [],
    });
    await write(
      'warren.config.cjs',
      `const { defineTask } = require(${JSON.stringify(DIST)});
       const { Welcome } = require(${JSON.stringify(TASKS)});
       module.exports = { url: ${JSON.stringify(url)}, contracts: [defineTask('shared.welcome', { queue: '${queue}', payload: Welcome })] };`,
    );
    const refused = await run(['enqueue', 'shared.welcome', '{"to":"nobody","name":"Ada"}']);
    expect(refused.stderr).toMatch(/to: /);
    expect(refused.code).toBe(1);
    expect((await run(['enqueue', 'shared.welcome', '{"to":"ada@example.com","name":"Ada"}'])).code).toBe(0);
    expect(await app.broker.countReady(queue)).toBe(1);
    expect((await run(['status', queue, '--url', 'amqp://127.0.0.1:1'])).code).toBe(3);
    // An AMQP_URL that is empty is none; one that is set does not win over the configuration.
    expect((await run(['status', queue], { AMQP_URL: 'amqp://127.0.0.1:1' })).code).toBe(0);
    expect((await run(['topology', 'print'], { AMQP_URL: '' })).stderr).not.toMatch(/URL/);
  });
});

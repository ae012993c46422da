import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bin, root, run, ScratchProjects, tsconfig } from './scratch-projects';

/** What users install: the tarball that `npm pack` makes, unpacked beside its peers in scratch projects. */
describe('the packed package', () => {
  let scratch: ScratchProjects;

  beforeAll(async () => {
    scratch = await ScratchProjects.create();
  }, 60_000);

  afterAll(() => scratch.remove());

  /** One program, written as a user would, that enqueues and runs a task. */
  const program = `
import { IsString } from 'class-validator';
import { createTaskApp, Task, TaskQueue, type TaskContext, UnroutableError, WarrenError } from 'warren';
import type { TelemetryOptions } from 'warren/telemetry';

export const nobodyAskedForIt: TelemetryOptions = {};

class Hello { @IsString() name!: string; }

@TaskQueue('hello')
class HelloTasks {
  @Task({ timeout: '5s' })
  greet(hello: Hello, task: TaskContext): void { console.log('greeted', hello.name, task.attempt, hello instanceof Hello); }
}

async function main(): Promise<void> {
  const app = await createTaskApp({ url: 'memory:', tasks: [HelloTasks], logger: false });
  await app.start();
  const completed = app.once('task:completed');
  const sent: { readonly id: string } = await app.client.of(HelloTasks).greet({ name: 'Ada' });
  console.log('same id', (await completed).id === sent.id);
  await app.stop();
  console.log(UnroutableError.prototype instanceof WarrenError);
}
void main();
`;
  const expected = ['greeted Ada 1 true', 'same id true', 'true', ''].join('\n');

  it('works from a CommonJS TypeScript project, types checked to the bottom', async () => {
    const folder = await scratch.project('cjs', {
      'package.json': '{"type":"commonjs"}',
      'tsconfig.json': tsconfig('node20'),
      'main.ts': program,
    });
    await run(bin('tsc'), ['-p', folder]);
    expect((await run('node', [join(folder, 'out/main.js')])).stdout).toBe(expected);
  }, 60_000);

  it('works from an ES module TypeScript project, types checked to the bottom', async () => {
    const folder = await scratch.project('esm', {
      'package.json': '{"type":"module"}',
      'tsconfig.json': tsconfig('nodenext'),
      'main.ts': program,
    });
    await run(bin('tsc'), ['-p', folder]);
    expect((await run('node', [join(folder, 'out/main.js')])).stdout).toBe(expected);
  }, 60_000);

  it('is one copy for import and require, so that classes of both are the same', async () => {
    const folder = await scratch.project('both', {
      'package.json': '{}',
      'main.mjs': `
import { createRequire } from 'node:module';
import * as esm from 'warren';
import * as esmTesting from 'warren/testing';
const require = createRequire(import.meta.url);
const cjs = require('warren');
const names = Object.keys(cjs).filter((name) => name !== '__esModule').sort();
console.log(JSON.stringify(names) === JSON.stringify(Object.keys(esm).sort()), names.length > 20);
console.log(names.every((name) => cjs[name] === esm[name]));
console.log(Object.keys(esmTesting).length > 0, Object.keys(esmTesting).every((name) => require('warren/testing')[name] === esmTesting[name]));
`,
    });
    expect((await run('node', [join(folder, 'main.mjs')])).stdout).toBe('true true\ntrue\ntrue true\n');
  });

  it('has telemetry for both kinds, and loads nothing of it that nobody asked for', async () => {
    const main = (load: string) => `
${load}
const { telemetry } = telemetryModule;
const loaded = () => Object.keys(require.cache).some((file) => file.includes('@opentelemetry'));
console.log('loaded', loaded());
try { telemetry({ traces: true }); console.log('loaded', loaded()); } catch (error) { console.log(error.code, error.message.split('\\n').at(-1)); }
`;
    const files = {
      'package.json': '{}',
      'main.cjs': main("const telemetryModule = require('warren/telemetry'); require('warren');"),
      'main.mjs': main(
        "import { createRequire } from 'node:module';\nimport * as telemetryModule from 'warren/telemetry';\nimport 'warren';\nconst require = createRequire(import.meta.url);",
      ),
    };
    const without = await scratch.project('telemetry-without', files);
    const installed = await scratch.project('telemetry', files, { '@opentelemetry': 'node_modules/@opentelemetry' });
    for (const file of ['main.cjs', 'main.mjs']) {
      expect((await run('node', [join(installed, file)])).stdout).toBe('loaded false\nloaded true\n');
      const { stdout } = await run('node', [join(without, file)]);
      expect(stdout).toContain('loaded false\nCONFIGURATION ');
      expect(stdout).toContain('npm install @opentelemetry/api');
    }
  });

  it('discovers tasks in files of both kinds by glob', async () => {
    const folder = await scratch.project('globs', {
      'package.json': '{}',
      'one.tasks.mjs': `
import { Task } from 'warren';
export class One { run() {} }
Task({ name: 'one', queue: 'q', payload: 'none' })(One.prototype, 'run');
`,
      'two.tasks.cjs': `
const { Task } = require('warren');
class Two { run() {} }
Task({ name: 'two', queue: 'q', payload: 'none' })(Two.prototype, 'run');
module.exports = Two;
`,
      'main.cjs': `
require('warren').createTaskApp({ url: 'memory:', tasks: ['*.tasks.*'], logger: false })
  .then((app) => console.log(app.catalog.tasks.map((task) => task.name).join(' ')));
`,
    });
    expect((await run('node', ['main.cjs'], { cwd: folder })).stdout).toBe('one two\n');
  });

  it('brings the command along', async () => {
    const folder = await scratch.project('command', { 'package.json': '{}' });
    const manifest = join(folder, 'node_modules/warren/package.json');
    const { bin: bins, version } = JSON.parse(await readFile(manifest, 'utf8')) as {
      bin: { warren: string };
      version: string;
    };
    const command = join(folder, 'node_modules/warren', bins.warren);
    expect((await readFile(command, 'utf8')).startsWith('#!/usr/bin/env node\n')).toBe(true);
    expect((await run('node', [command, '--version'], { cwd: folder })).stdout).toBe(`${version}\n`);
  });

  it('holds what users need and nothing else', async () => {
    const folder = await scratch.project('content', {});
    const files = await readdir(join(folder, 'node_modules/warren'));
    expect(files.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
  });

  it('passes publint', async () => {
    const { stdout } = await run(bin('publint'), ['run', scratch.tarball, '--strict'], { cwd: root });
    expect(stdout).toContain('All good!');
  }, 60_000);

  it('passes are-the-types-wrong for every resolution', async () => {
    // Works on a copy: attw writes beside the tarball.
    const copy = join(scratch.folder, 'attw.tgz');
    await cp(scratch.tarball, copy);
    const { stdout } = await run(bin('attw'), [copy, '--format', 'json'], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    const { problems } = JSON.parse(stdout) as { problems?: Readonly<Record<string, unknown>> };
    expect(problems ?? {}).toEqual({});
  }, 60_000);
});

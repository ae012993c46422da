import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(__dirname, '../..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

/** What users install: the tarball that `npm pack` makes, unpacked beside its peers in scratch projects. */
describe('the packed package', () => {
  let scratch: string;
  let tarball: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'warren-package-'));
    // `npm test` has built dist/; packing must not build again under the feet of other tests.
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch], {
      cwd: root,
    });
    const [packed] = JSON.parse(stdout) as [{ filename: string }];
    tarball = join(scratch, packed.filename);
  }, 60_000);

  afterAll(() => rm(scratch, { recursive: true, force: true }));

  /** A project with the unpacked tarball and this repository's own copies of what it depends on. */
  async function project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const folder = join(scratch, name);
    const modules = join(folder, 'node_modules');
    await mkdir(join(modules, 'warren'), { recursive: true });
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'warren')]);
    await Promise.all(
      [
        'amqplib',
        'tinyglobby',
        'commander',
        'cli-table3',
        'cli-progress',
        'string-width',
        'strip-ansi',
        'ansi-regex',
        'emoji-regex',
        'is-fullwidth-code-point',
        'fdir',
        'picomatch',
        'class-validator',
        'class-transformer',
        'reflect-metadata',
        'libphonenumber-js',
        'validator',
        '@types',
      ].map((dependency) => symlink(join(root, 'node_modules', dependency), join(modules, dependency))),
    );
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    return folder;
  }

  const tsconfig = (module: string): string =>
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        module,
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: false,
        types: ['node'],
        outDir: 'out',
        rootDir: '.',
      },
      include: ['*.ts', '*.mts', '*.cts'],
    });

  /** One program, written as a user would, that enqueues and runs a task. */
  const program = `
import { IsString } from 'class-validator';
import { createTaskApp, Task, TaskQueue, type TaskContext, UnroutableError, WarrenError } from 'warren';

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
    const folder = await project('cjs', {
      'package.json': '{"type":"commonjs"}',
      'tsconfig.json': tsconfig('node20'),
      'main.ts': program,
    });
    await run(bin('tsc'), ['-p', folder]);
    expect((await run('node', [join(folder, 'out/main.js')])).stdout).toBe(expected);
  }, 60_000);

  it('works from an ES module TypeScript project, types checked to the bottom', async () => {
    const folder = await project('esm', {
      'package.json': '{"type":"module"}',
      'tsconfig.json': tsconfig('nodenext'),
      'main.ts': program,
    });
    await run(bin('tsc'), ['-p', folder]);
    expect((await run('node', [join(folder, 'out/main.js')])).stdout).toBe(expected);
  }, 60_000);

  it('is one copy for import and require, so that classes of both are the same', async () => {
    const folder = await project('both', {
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

  it('discovers tasks in files of both kinds by glob', async () => {
    const folder = await project('globs', {
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
    const folder = await project('command', { 'package.json': '{}' });
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
    const folder = await project('content', {});
    const files = await readdir(join(folder, 'node_modules/warren'));
    expect(files.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
  });

  it('passes publint', async () => {
    const { stdout } = await run(bin('publint'), ['run', tarball, '--strict'], { cwd: root });
    expect(stdout).toContain('All good!');
  }, 60_000);

  it('passes are-the-types-wrong for every resolution', async () => {
    // Works on a copy: attw writes beside the tarball.
    const copy = join(scratch, 'attw.tgz');
    await cp(tarball, copy);
    const { stdout } = await run(bin('attw'), [copy, '--format', 'json'], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    const { problems } = JSON.parse(stdout) as { problems?: Readonly<Record<string, unknown>> };
    expect(problems ?? {}).toEqual({});
  }, 60_000);
});

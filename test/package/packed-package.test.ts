import { existsSync } from 'node:fs';
import { cp, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { bin, root, run, ScratchProjects, tsconfig } from './scratch-projects';

/** Files that a Markdown page links to or shows, without anchors; code is no prose. */
function relativeTargets(markdown: string): readonly string[] {
  const prose = markdown.replace(/^ *(`{3,})[\s\S]*?^ *\1 *$/gm, '').replace(/`[^`\n]*`/g, '');
  const links = prose.matchAll(/\]\(<?([^)\s>]+)|^\[[^\]]+\]: *(\S+)|\b(?:src|srcset|href)="([^"]+)"/gm);
  return Array.from(links, ([, inline, reference, html]) => inline ?? reference ?? html ?? '')
    .filter((target) => !/^(?:[a-z]+:|\/\/)/.test(target))
    .map((target) => decodeURI(target.replace(/[#?].*$/, '')))
    .filter((target) => target !== '');
}

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

  /** The same for a compiler that emits no metadata, with a peer that is loaded when it is asked for. */
  const bundled = program
    .replace('@Task({ ', '@Task({ payload: Hello, ')
    .replace('import type { TelemetryOptions }', 'import { telemetry, type TelemetryOptions }')
    .replace(
      '  console.log(UnroutableError',
      "  console.log(typeof telemetry({ prometheus: true }) === 'object');\n  console.log(UnroutableError",
    );

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
    expect(files.sort()).toEqual([
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'examples',
      'package.json',
    ]);
  });

  it('has every page and picture that its pages link to', async () => {
    const folder = join(await scratch.project('links', {}), 'node_modules/warren');
    const pages = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.md'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'docs/do/run-workers.md']));
    const dead: string[] = [];
    for (const page of pages)
      for (const target of relativeTargets(await readFile(join(folder, page), 'utf8')))
        if (!existsSync(resolve(folder, dirname(page), target))) dead.push(`${page}: ${target}`);
    expect(dead).toEqual([]);
  });

  it.each(['module', 'commonjs'])(
    'reads TypeScript tasks by @oxc-node/core in a project of type %s',
    async (type) => {
      const folder = await scratch.project(
        `loader-${type}`,
        {
          'package.json': JSON.stringify({ type }),
          'tsconfig.json': tsconfig('nodenext'),
          'greeting.ts': `
import { IsString } from 'class-validator';
export class Greeting { @IsString() name!: string; }
`,
          'greet.tasks.ts': `
import { Task, TaskQueue, type TaskContext } from 'warren';
import { Greeting } from './greeting.js';
@TaskQueue('greetings')
export class GreetTasks {
  @Task() async greet(greeting: Greeting, task: TaskContext): Promise<void> {}
}
`,
        },
        { '@oxc-node': 'node_modules/@oxc-node' },
      );
      const command = (...args: readonly string[]) =>
        run('node', ['node_modules/warren/dist/cli/main.js', ...args, '--tasks', './*.tasks.ts', '--url', 'memory:'], {
          cwd: folder,
          env: { ...process.env, NODE_OPTIONS: '--import @oxc-node/core/register' },
        });
      expect((await command('topology', 'print')).stdout).toContain('greetings.dead');
      // The class that the metadata names refuses what does not fit.
      await expect(command('enqueue', 'greetings.greet', '{"name":3}')).rejects.toMatchObject({
        stderr: expect.stringContaining('name: must be a string') as string,
      });
    },
    60_000,
  );

  /** What docs/do/run-workers.md says under "Bundle a worker". */
  const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  it.each([
    ['an ES module without its packages', ['--format=esm', '--packages=external']],
    ['an ES module with a banner', ['--format=esm', `--banner:js=${BANNER}`]],
    ['CommonJS', ['--format=cjs']],
  ])(
    'works bundled by esbuild into %s',
    async (name, options) => {
      const extension = options.includes('--format=cjs') ? 'cjs' : 'mjs';
      const folder = await scratch.project(
        `bundle ${name}`,
        { 'package.json': '{}', 'tsconfig.json': tsconfig('nodenext'), 'main.ts': bundled },
        {
          'prom-client': 'node_modules/prom-client',
          '@opentelemetry': 'node_modules/@opentelemetry',
          tdigest: 'node_modules/tdigest',
        },
      );
      const out = `bundle.${extension}`;
      await run(bin('esbuild'), ['main.ts', '--bundle', '--platform=node', ...options, `--outfile=${out}`], {
        cwd: folder,
      });
      expect((await run('node', [out], { cwd: folder })).stdout).toBe(`${expected}true\n`);
    },
    60_000,
  );

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

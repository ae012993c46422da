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
  async function project(
    name: string,
    files: Readonly<Record<string, string>>,
    links: Readonly<Record<string, string>> = {},
  ): Promise<string> {
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
    await Promise.all(Object.entries(links).map(([link, target]) => symlink(join(root, target), join(modules, link))));
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

  /** A Nest application as a user would write it: HTTP, a request-scoped handler, a guard, and a test with the embedded broker. */
  const nestProgram = `
import 'reflect-metadata';
import { type ArgumentsHost, Body, type CallHandler, type CanActivate, Catch, Controller, type ExceptionFilter, type ExecutionContext, Injectable, Module, type NestInterceptor, type OnApplicationBootstrap, type OnModuleDestroy, Post, Scope, UseFilters, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { setTimeout } from 'node:timers/promises';
import { DiscardTask, type TaskApp, type TaskClient, type TaskContext } from 'warren';
import { Ctx, embedBroker, getTaskAppToken, getTestApp, InjectTaskApp, InjectTaskClient, InjectTaskContext, Payload, switchToTask, Task, TaskQueue, WarrenHealthIndicator, WarrenModule } from 'warren/nest';

const log = (...said: unknown[]): void => console.log(...said);
let running = 0;
class Hello { @IsString() name!: string; }

@Injectable({ scope: Scope.REQUEST })
class Audit { constructor(@InjectTaskContext() readonly task: TaskContext) {} }

@Injectable()
class Permit implements CanActivate {
  canActivate(context: ExecutionContext): boolean { return context.getType<string>() === 'warren' && switchToTask(context).getTask().headers['banned'] !== true; }
}

@Injectable({ scope: Scope.REQUEST })
class Around implements NestInterceptor {
  constructor(@InjectTaskContext() private readonly task: TaskContext | undefined) {}
  intercept(_context: ExecutionContext, next: CallHandler) {
    if (this.task !== undefined) log('around', this.task.name);
    return next.handle();
  }
}

@Catch(RangeError)
class Free implements ExceptionFilter {
  catch(_error: RangeError, host: ArgumentsHost): never { throw new DiscardTask(host.getType<string>()); }
}

@TaskQueue('hello', { concurrency: 1 })
@UseGuards(Permit)
@UseFilters(Free)
@UsePipes(new ValidationPipe())
@Injectable()
class HelloTasks implements OnModuleDestroy {
  constructor(private readonly audit: Audit) {}
  @Task() async greet(@Ctx() task: TaskContext, @Payload() hello: Hello, @Payload('name') name: string) {
    running++;
    if (name === 'slow') await setTimeout(100);
    if (name === 'free') throw new RangeError('nothing to do');
    log('greeted', name, task.id === this.audit.task.id, hello instanceof Hello);
    running--;
  }
  onModuleDestroy() {}
}

@Injectable()
class Hooks implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@InjectTaskApp() private readonly app: TaskApp) {}
  onApplicationBootstrap() { log('bootstrap', this.app.state); }
  onModuleDestroy() { log('destroy', running); }
}

@Controller()
class Web {
  constructor(@InjectTaskClient() private readonly client: TaskClient, private readonly health: HealthCheckService, private readonly warren: WarrenHealthIndicator) {}
  @Post('greet') greet(@Body() hello: Hello) { return this.client.enqueue({ ...greet }, hello); }
  @Post('health') check() { return this.health.check([() => this.warren.check('rabbitmq')]); }
}
import { defineTask } from 'warren';
const greet = defineTask('hello.greet', { queue: 'hello', payload: Hello });

@Module({ imports: [WarrenModule.forRootAsync({ useFactory: async () => ({ url: 'memory:', logger: false as const, globalEnhancers: ['interceptors'] as const }) }), TerminusModule], providers: [HelloTasks, Audit, Hooks, { provide: APP_INTERCEPTOR, scope: Scope.REQUEST, useClass: Around }], controllers: [Web] })
class AppModule {}

async function serve(adapter?: FastifyAdapter): Promise<void> {
  const app = adapter === undefined ? await NestFactory.create(AppModule, { logger: false }) : await NestFactory.create(AppModule, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const post = (path: string) => fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: path }) });
  const sent = await post('/greet');
  const { task } = (await sent.json()) as { task: string };
  const { status } = (await (await post('/health')).json()) as { status: string };
  log(task, status);
  const tasks = app.get<TaskApp>(getTaskAppToken());
  const started = tasks.once('task:started');
  await tasks.client.enqueue(greet, { name: 'slow' });
  await started;
  await app.close();
}

async function test(): Promise<void> {
  const module = await embedBroker(Test.createTestingModule({ imports: [AppModule] })).compile();
  const tasks = await getTestApp(module);
  await tasks.client.enqueue(greet, { name: 'later' }, { delay: '1d' });
  await tasks.advance('1d');
  log((await tasks.perform(greet, { name: 'no' }, { headers: { banned: true } })).outcome);
  running = 0;
  log((await tasks.perform(greet, { name: 'free' })).outcome);
  running = 0;
  await module.close();
}
serve().then(() => serve(new FastifyAdapter())).then(test).catch((error: unknown) => { console.error(error); process.exit(1); });
`;
  /** Consuming begins after the hook of the application's own module, and has ended before it. */
  const served = [
    'bootstrap created',
    'greeted /greet true true',
    'hello.greet ok',
    'greeted slow true true',
    'destroy 0',
  ];
  const around = Array.from({ length: 6 }, () => 'around hello.greet');
  const tested = ['bootstrap created', 'greeted later true true', 'dead-lettered', 'discarded', 'destroy 0', ...around];
  const nestExpected = [...served, ...served, ...tested].sort();

  it.each([
    ['CommonJS', 'Nest 11', 'node_modules/@nestjs'],
    ['ES module', 'Nest 11', 'node_modules/@nestjs'],
    ['CommonJS', 'Nest 12', 'test/package/nest-12/node_modules/@nestjs'],
    ['ES module', 'Nest 12', 'test/package/nest-12/node_modules/@nestjs'],
  ])(
    'works from a %s project on %s, with Express and with Fastify, types checked',
    async (kind, version, nest) => {
      const type = kind === 'CommonJS' ? 'commonjs' : 'module';
      const files = {
        'package.json': JSON.stringify({ type }),
        'tsconfig.json': tsconfig('nodenext').replace('"skipLibCheck":false', '"skipLibCheck":true'),
        'main.ts': nestProgram,
      };
      const folder = await project(`${type}-${version.replace(' ', '-')}`, files, {
        '@nestjs': nest,
        rxjs: 'node_modules/rxjs',
      });
      await run(bin('tsc'), ['-p', folder]);
      const { stdout } = await run('node', [join(folder, 'out/main.js')]);
      expect(stdout.trim().split('\n').sort()).toEqual(nestExpected);
    },
    120_000,
  );

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

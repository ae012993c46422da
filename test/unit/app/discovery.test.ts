import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type DiscoveryOptions, discoverTaskClasses } from '../../../src/app/discovery';
import { Task } from '../../../src/decorators/task';
import { TaskQueue } from '../../../src/decorators/task-queue';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import type { ClassType } from '../../../src/task/class-type';

const DECORATORS = resolve(__dirname, '../../../src/decorators');

/** A file of TypeScript that exports a class with a task. */
function taskFile(name: string, before = 'export '): string {
  return `
    import { Task } from ${JSON.stringify(join(DECORATORS, 'task'))};
    import { TaskQueue } from ${JSON.stringify(join(DECORATORS, 'task-queue'))};
    @TaskQueue('q')
    ${before}class ${name} { @Task('${name}') work(): void {} }
  `;
}

/** The same as CommonJS that no compiler has seen. */
function builtFile(name: string, exported: string): string {
  return `
    const { Task } = require(${JSON.stringify(join(DECORATORS, 'task'))});
    class ${name} { work() {} }
    Task('${name}', { queue: 'q' })(${name}.prototype, 'work', {});
    ${exported}
  `;
}

function thrower(): never {
  throw new Error('not to be read');
}

describe('discoverTaskClasses', () => {
  let cwd: string;

  beforeEach(() => {
    cwd = realpathSync(mkdtempSync(join(tmpdir(), 'warren-discovery-')));
  });

  afterEach(() => {
    rmSync(cwd, { recursive: true, force: true });
  });

  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), text);
    }
  }

  async function find(...sources: readonly (ClassType | string)[]): Promise<readonly string[]> {
    return (await discoverTaskClasses(sources, { cwd })).map((type) => type.name);
  }

  async function failure(
    sources: readonly unknown[],
    options?: Partial<DiscoveryOptions>,
  ): Promise<ConfigurationError> {
    const found: unknown = await discoverTaskClasses(sources as readonly string[], { cwd, ...options }).catch(
      (error: unknown) => error,
    );
    if (found instanceof ConfigurationError) return found;
    throw new Error('expected a ConfigurationError', { cause: found });
  }

  it('finds the exported classes of TypeScript, and of built files of every ending', async () => {
    write({
      'a.tasks.ts': taskFile('InTypeScript'),
      'b.tasks.js': builtFile('InJs', 'exports.InJs = InJs'),
      'c.tasks.cjs': builtFile('InCjs', 'exports.InCjs = InCjs'),
      'deep/er/d.tasks.cts': taskFile('Deep'),
    });
    await expect(find('**/*.tasks.*')).resolves.toEqual(['InTypeScript', 'InJs', 'InCjs', 'Deep']);
  });

  it('finds classes that are exported by name, as default, and as module.exports itself', async () => {
    write({
      'a.ts': `${taskFile('One', '')}\n${'export { One as Renamed };'}\nexport const other = 5;`,
      'b.ts': taskFile('Default', 'export default '),
      'c.cjs': builtFile('Itself', 'module.exports = Itself'),
      'd.cjs': builtFile('Computed', "const key = ['Comp', 'uted'].join(''); module.exports = { [key]: Computed }"),
    });
    await expect(find('*.{ts,cjs}')).resolves.toEqual(['One', 'Default', 'Itself', 'Computed']);
  });

  it('finds a class that only inherits its tasks', async () => {
    write({
      'base.ts': taskFile('Base'),
      'heir.tasks.ts': `import { Base } from './base';\nexport class Heir extends Base {}`,
    });
    await expect(find('*.tasks.ts')).resolves.toEqual(['Heir']);
  });

  it('leaves out what is exported beside the tasks', async () => {
    write({
      'a.ts': `${taskFile('One')}\nexport class Plain {}\nexport const f = () => 1; export const n = null; export enum E { A }`,
      'b.ts': 'export class AlsoPlain {}',
    });
    await expect(find('*.ts')).resolves.toEqual(['One']);
  });

  it('takes a class once, however often it is named, exported and matched', async () => {
    @TaskQueue('q')
    class Given {
      @Task() work(): void {}
    }
    write({ 'a.ts': taskFile('One'), 'b.ts': `export { One, One as Two } from './a';\nexport * from './a';` });
    await expect(find(Given, '*.ts', Given, 'a.ts', './b.ts')).resolves.toEqual(['Given', 'One']);
  });

  it('takes classes as they are, tasks or not: what is wrong with them is told with everything else', async () => {
    await expect(find(class Plain {})).resolves.toEqual(['Plain']);
    await expect(find()).resolves.toEqual([]);
  });

  it('keeps the order of the sources, then of the paths, then of the names', async () => {
    const files = ['z.js', 'a/y.js', 'b.js', 'B.js'];
    write(Object.fromEntries(files.map((file) => [file, builtFile('X', `exports.b = 1; exports.a = X`)])));
    const loaded: string[] = [];
    const classes = Object.fromEntries(
      ['b', 'a'].map((name) => {
        const type = { [name]: class {} }[name] ?? Object;
        TaskQueue('q')(type);
        return [name, type];
      }),
    );
    const load = async (path: string): Promise<unknown> => {
      loaded.push(path.slice(cwd.length + 1));
      return classes;
    };
    const found = await discoverTaskClasses(['**/*.js', 'z.js'], { cwd, load });
    expect(loaded).toEqual(['B.js', 'a/y.js', 'b.js', 'z.js', 'z.js']);
    expect(found.map((type) => type.name)).toEqual(['a', 'b']);
    expect(Object.isFrozen(found)).toBe(true);
  });

  it('never loads declarations, source maps or node_modules', async () => {
    write({
      'a.tasks.ts': taskFile('One'),
      'b.tasks.d.ts': 'throw new Error("loaded")',
      'b.tasks.d.mts': 'throw new Error("loaded")',
      'b.tasks.js.map': 'throw new Error("loaded")',
      'b.tasks.json': '{}',
      'node_modules/x/c.tasks.js': 'throw new Error("loaded")',
    });
    await expect(find('**/*.tasks.*')).resolves.toEqual(['One']);
  });

  it('looks into node_modules where the pattern says so', async () => {
    write({ 'node_modules/x/c.tasks.js': builtFile('Packed', 'exports.Packed = Packed') });
    await expect(find('node_modules/x/*.tasks.js')).resolves.toEqual(['Packed']);
  });

  it('takes absolute patterns, patterns above the cwd, and paths that hold what means something else in a glob', async () => {
    write({
      'app/x.ts': '',
      'tasks/a.tasks.ts': taskFile('One'),
      'tasks/[id] (copy)/b.tasks.ts': taskFile('Two'),
    });
    const options = { cwd: join(cwd, 'app') };
    const names = async (source: string): Promise<readonly string[]> =>
      (await discoverTaskClasses([source], options)).map((type) => type.name);
    await expect(names(join(cwd, '**/*.tasks.ts'))).resolves.toEqual(['Two', 'One']);
    await expect(names('../tasks/*.ts')).resolves.toEqual(['One']);
    await expect(names('../tasks/[id] (copy)/b.tasks.ts')).resolves.toEqual(['Two']);
    await expect(names(join(cwd, 'tasks/[id] (copy)/b.tasks.ts'))).resolves.toEqual(['Two']);
  });

  describe('fails with a ConfigurationError', () => {
    it('that names the pattern and the cwd, where no file matches', async () => {
      const { problems } = await failure(['dist/**/*.tasks.js']);
      expect(problems).toEqual([
        `the glob "dist/**/*.tasks.js" (from ${cwd}) matches no file. Check that the code is built, that the pattern names its output, and from where the process is started`,
      ]);
    });

    it.each(['', '   ', '[', '{', '!(', '\\', 'a\0b', '**', '/'])(
      'for the pattern %j, which finds nothing either',
      async (pattern) => {
        await expect(failure([pattern])).resolves.toBeInstanceOf(ConfigurationError);
      },
    );

    it('where only declarations match', async () => {
      write({ 'a.tasks.d.ts': '', 'a.tasks.js.map': '' });
      const { problems } = await failure(['*.tasks.*']);
      expect(problems).toEqual([
        expect.stringContaining(
          'matches 2 file(s), but none of .js, .cjs, .mjs, .ts, .cts or .mts (declarations do not count)',
        ),
      ]);
    });

    it('that lists the files, where none of them exports a class with tasks', async () => {
      write({ 'lib/a.ts': 'export class Plain {}', 'lib/b.ts': taskFile('Hidden', '') });
      const { problems } = await failure(['lib/*.ts']);
      expect(problems).toEqual([
        `the glob "lib/*.ts" (from ${cwd}) matches 2 file(s) that export no class with @Task or @TaskQueue: ${join('lib', 'a.ts')}, ${join('lib', 'b.ts')}. Export the decorated classes, or name other files`,
      ]);
    });

    it('that names the file and carries the error, where one cannot be loaded', async () => {
      write({ 'lib/bad.tasks.cjs': 'throw new TypeError("no database")', 'lib/good.tasks.ts': taskFile('One') });
      const error = await failure(['lib/*.tasks.*']);
      expect(error.problems).toEqual([`${join('lib', 'bad.tasks.cjs')} cannot be loaded: TypeError: no database`]);
      expect(error.cause).toMatchObject({ name: 'TypeError', message: 'no database' });
    });

    it.each([
      [undefined, 'undefined: undefined'],
      ['text', 'string: text'],
      [Object.freeze(Object.defineProperty({}, 'message', { get: thrower })), 'Object: (unreadable)'],
      [new Proxy({}, { get: thrower }), 'object: (unreadable)'],
    ])('whatever a file throws (%#)', async (thrown, told) => {
      write({ 'a.cjs': '' });
      const { problems } = await failure(['a.cjs'], { load: () => Promise.reject(thrown) });
      expect(problems).toEqual([`a.cjs cannot be loaded: ${told}`]);
    });

    it('where the exports of a file cannot be read', async () => {
      write({
        'a.cjs': 'Object.defineProperty(exports, "x", { enumerable: true, get() { throw new Error("not yet") } })',
      });
      const { problems } = await failure(['a.cjs']);
      expect(problems).toEqual(['a.cjs cannot be loaded: Error: not yet']);
    });

    it('for a pattern that is too long to be one', async () => {
      const error = await failure([`${'(a|'.repeat(30_000)}.js`]);
      expect(error.problems).toEqual([expect.stringContaining('matches no file')]);
      expect(error.message.length).toBeLessThan(1_000);
      expect(error.cause).toBeInstanceOf(Error);
    });

    it('that says what helps, where the process cannot load TypeScript', async () => {
      write({ 'a.ts': '' });
      const load = () =>
        Promise.reject(Object.assign(new TypeError('Unknown'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' }));
      const { problems } = await failure(['a.ts'], { load });
      expect(problems).toEqual([
        expect.stringMatching(
          /Unknown\nNode .* name the built file, or start .* loader: npm install --save-dev @oxc-node\/core, NODE_OPTIONS=/,
        ),
      ]);
    });

    it('that tells everything at once, each file once', async () => {
      write({ 'a.cjs': 'throw new Error("A")', 'b.cjs': 'throw new Error("B")', 'c.ts': '' });
      const error = await failure(['*.cjs', 'a.*', 'c.ts', 'none/*.js', undefined, 5]);
      expect(error.problems).toEqual([
        'a.cjs cannot be loaded: Error: A',
        'b.cjs cannot be loaded: Error: B',
        expect.stringMatching(/^the glob "c\.ts" .* export no class/),
        expect.stringMatching(/^the glob "none\/\*\.js" .* matches no file/),
        'tasks[4] must be a class or a glob, got undefined (a circular import is the usual reason)',
        'tasks[5] must be a class or a glob, got 5',
      ]);
      expect((error.cause as AggregateError).errors).toEqual(
        expect.arrayContaining([expect.objectContaining({ message: 'A' }), expect.objectContaining({ message: 'B' })]),
      );
    });
  });
});

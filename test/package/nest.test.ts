import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bin, run, ScratchProjects, tsconfig } from './scratch-projects';

const programs = join(__dirname, 'fixtures/nest');

/** What stands in fixtures/nest are tests of their own (`node:test`), written as users of the packed package would. */
describe('warren/nest of the packed package', () => {
  let scratch: ScratchProjects;
  let files: Readonly<Record<string, string>>;

  beforeAll(async () => {
    scratch = await ScratchProjects.create();
    const names = await readdir(programs);
    files = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(programs, name), 'utf8')] as const)),
    );
  }, 60_000);

  afterAll(() => scratch.remove());

  it.each([
    ['CommonJS', 'Nest 11', 'node_modules/@nestjs'],
    ['ES module', 'Nest 11', 'node_modules/@nestjs'],
    ['CommonJS', 'Nest 12', 'test/package/nest-12/node_modules/@nestjs'],
    ['ES module', 'Nest 12', 'test/package/nest-12/node_modules/@nestjs'],
  ])(
    'works from a %s project on %s, types checked',
    async (kind, version, nest) => {
      const type = kind === 'CommonJS' ? 'commonjs' : 'module';
      const folder = await scratch.project(
        `${type}-${version.replace(' ', '-')}`,
        { ...files, 'package.json': JSON.stringify({ type }), 'tsconfig.json': tsconfig('nodenext') },
        { '@nestjs': nest, rxjs: 'node_modules/rxjs' },
      );
      await run(bin('tsc'), ['-p', folder]);
      const main = ['--test-reporter=tap', join(folder, 'out/main.js')];
      const { stdout } = await run('node', main, { timeout: 90_000 }).catch((error: { stdout: string }) => error);
      expect(stdout).toContain('\n# fail 0\n');
      const declared = Object.values(files).flatMap((text) => text.match(/^ *it\(/gm) ?? []).length;
      expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(declared);
    },
    120_000,
  );
});

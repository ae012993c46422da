import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const root = resolve(__dirname, '../..');
export const bin = (name: string): string => join(root, 'node_modules/.bin', name);

/** What the packed package needs beside it; scratch projects borrow this repository's own copies. */
const DEPENDENCIES = [
  'amqplib',
  'tinyglobby',
  'commander',
  'cli-progress',
  'croner',
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
] as const;

/** Projects as users have them, with the tarball that `npm pack` makes, unpacked beside its peers. */
export class ScratchProjects {
  private constructor(
    readonly folder: string,
    readonly tarball: string,
  ) {}

  /** `npm test` has built dist/; packing must not build again under the feet of other tests. */
  static async create(): Promise<ScratchProjects> {
    const folder = await mkdtemp(join(tmpdir(), 'warren-package-'));
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: root,
    });
    const [packed] = JSON.parse(stdout) as [{ filename: string }];
    return new ScratchProjects(folder, join(folder, packed.filename));
  }

  /** @param links - further names in its node_modules, and where in this repository they point. */
  async project(
    name: string,
    files: Readonly<Record<string, string>>,
    links: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const folder = join(this.folder, name);
    const modules = join(folder, 'node_modules');
    await mkdir(join(modules, 'warren'), { recursive: true });
    await run('tar', ['-xzf', this.tarball, '--strip-components=1', '-C', join(modules, 'warren')]);
    await Promise.all(
      DEPENDENCIES.map((dependency) => symlink(join(root, 'node_modules', dependency), join(modules, dependency))),
    );
    await Promise.all(Object.entries(links).map(([link, target]) => symlink(join(root, target), join(modules, link))));
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    return folder;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

export const tsconfig = (module: string): string =>
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

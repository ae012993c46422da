import { relative } from 'node:path';
import { isTaskClass } from '../decorators/inherited-records';
import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown, truncateBytes } from '../errors/describe-thrown';
import { describeValue } from '../options/describe-value';
import type { ClassType } from '../task/class-type';
import { type FoundFiles, findFiles } from './find-files';
import { type LoadFile, loadFile, typeScriptHint } from './load-file';

export interface DiscoveryOptions {
  /** What relative globs are relative to. */
  readonly cwd: string;
  /**
   * Loads a module by its absolute path.
   * @defaultValue `import()`
   */
  readonly load?: LoadFile;
}

const NOTHING_FOUND: FoundFiles = Object.freeze({ files: Object.freeze([]), passedOver: 0 });

/** What went wrong so far. */
interface Findings {
  readonly problems: string[];
  /** What files threw when they were loaded, or the glob library for a pattern. */
  readonly causes: unknown[];
}

/**
 * Finds the classes with tasks among classes and in the exports of files.
 *
 * @param sources - classes, taken as they are, and globs of built files, or of TypeScript where the process can load it.
 * @returns every class once, in the order of the sources, then of the paths, then of the exports' names.
 * @throws ConfigurationError when a glob leads to no class, or a file cannot be loaded; every mistake at once.
 */
export async function discoverTaskClasses(
  sources: readonly (ClassType | string)[],
  { cwd, load = loadFile }: DiscoveryOptions,
): Promise<readonly ClassType[]> {
  const findings: Findings = { problems: [], causes: [] };
  const classes = new Set<ClassType>();
  for (const [index, source] of sources.entries()) {
    for (const type of await classesOf(source, index, { cwd, load }, findings)) classes.add(type);
  }
  if (findings.problems.length > 0) throw configurationError(findings);
  return Object.freeze([...classes]);
}

/** A file that several globs name, and what it throws each time, is told once. */
function configurationError(findings: Findings): ConfigurationError {
  const problems = [...new Set(findings.problems)];
  const causes = [...new Set(findings.causes)];
  if (causes.length === 0) return new ConfigurationError(problems);
  const cause = causes.length > 1 ? new AggregateError(causes, 'several sources of tasks failed') : causes[0];
  return new ConfigurationError(problems, { cause });
}

async function classesOf(
  source: unknown,
  index: number,
  options: Required<DiscoveryOptions>,
  findings: Findings,
): Promise<readonly ClassType[]> {
  if (typeof source === 'function') return [source as ClassType];
  if (typeof source === 'string') return classesOfPattern(source, options, findings);
  const hint = source === undefined ? ' (a circular import is the usual reason)' : '';
  findings.problems.push(`tasks[${index}] must be a class or a glob, got ${describeValue(source)}${hint}`);
  return [];
}

async function classesOfPattern(
  pattern: string,
  { cwd, load }: Required<DiscoveryOptions>,
  findings: Findings,
): Promise<readonly ClassType[]> {
  const { files, passedOver } = await findFiles(pattern, cwd).catch((error: unknown) => {
    findings.causes.push(error);
    return NOTHING_FOUND;
  });
  const before = findings.problems.length;
  const classes: ClassType[] = [];
  for (const file of files) classes.push(...(await classesOfFile(file, cwd, load, findings)));
  if (classes.length === 0 && findings.problems.length === before) {
    findings.problems.push(emptyPattern(pattern, cwd, files, passedOver));
  }
  return classes;
}

function emptyPattern(pattern: string, cwd: string, files: readonly string[], passedOver: number): string {
  const where = `the glob ${JSON.stringify(truncateBytes(pattern, 500))} (from ${cwd})`;
  if (files.length > 0) {
    const shown = files.slice(0, 5).map((file) => relative(cwd, file));
    const list = files.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
    return `${where} matches ${files.length} file(s) that export no class with @Task or @TaskQueue: ${list}. Export the decorated classes, or name other files`;
  }
  const others =
    passedOver === 0
      ? 'no file'
      : `${passedOver} file(s), but none of .js, .cjs, .mjs, .ts, .cts or .mts (declarations do not count)`;
  return `${where} matches ${others}. Check that the code is built, that the pattern names its output, and from where the process is started`;
}

async function classesOfFile(
  path: string,
  cwd: string,
  load: LoadFile,
  findings: Findings,
): Promise<readonly ClassType[]> {
  try {
    return exportedClasses(await unlessStalled(load(path), relative(cwd, path)));
  } catch (error) {
    findings.causes.push(error);
    const { name, message } = describeThrown(error);
    findings.problems.push(
      `${relative(cwd, path)} cannot be loaded: ${name}: ${message}${typeScriptHint(path, error)}`,
    );
    return [];
  }
}

/**
 * A file that imports the module that waits for it is never loaded, and neither is that module: nothing is left to do, and
 * Node ends with code 13 and without a word.
 */
function unlessStalled<T>(loading: Promise<T>, file: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onIdle = (): void => reject(new Error(CIRCULAR.replace('%', file)));
    process.once('beforeExit', onIdle);
    const settled = (): void => void process.removeListener('beforeExit', onIdle);
    loading.finally(settled).then(resolve, reject);
  });
}

const CIRCULAR =
  'a circular import: % imports, perhaps through others, the module that awaits createTaskApp, so each waits for the other. Enqueue with task.client inside of handlers, or create the app in a module that no file with tasks imports';

/** The classes with tasks that a module exports: by name, as its default, or as `module.exports` itself. */
function exportedClasses(exports: unknown): readonly ClassType[] {
  const inside = byName(exports);
  // `import()` gives the `module.exports` of CommonJS as `default`; names in it that Node could not foresee are only there.
  const fallback = byName((exports as { default?: unknown } | null | undefined)?.default);
  return [exports, ...inside, ...fallback].filter(isTaskClass);
}

function byName(holder: unknown): readonly unknown[] {
  if (typeof holder !== 'object' || holder === null) return [];
  return Object.entries(holder)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]: [string, unknown]) => value);
}

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { OPTION_KEYS } from '../app/app-options';
import { loadFile, typeScriptHint } from '../app/load-file';
import type { WarrenConfig } from '../app/warren-config';
import { describeThrown } from '../errors/describe-thrown';
import { describeValue } from '../options/describe-value';
import { OptionReader } from '../options/option-reader';
import { isTaskContract } from '../task/contract';
import { UsageError } from './usage-error';

/** A configuration, and where it was found. */
export interface LoadedConfig {
  readonly path: string | undefined;
  /** What globs in it are relative to. */
  readonly folder: string;
  readonly config: WarrenConfig;
}

const NAMES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'].map((extension) => `warren.config.${extension}`);

/**
 * Reads the configuration: the file that is named, else the first `warren.config.*` of the folder, else nothing.
 * @throws UsageError when it cannot be read.
 */
export async function loadConfig(cwd: string, named: string | undefined): Promise<LoadedConfig> {
  const path = named === undefined ? NAMES.map((name) => join(cwd, name)).find(existsSync) : resolve(cwd, named);
  if (path === undefined) return { path, folder: cwd, config: {} };
  const shown = relative(cwd, path);
  if (!existsSync(path)) throw new UsageError(`there is no configuration at ${shown}`);
  const config = path.endsWith('.json') ? readJson(path, shown) : exportedConfig(await loadModule(path, shown));
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError(`${shown} must export an object of options (as its default), got ${describeValue(config)}`);
  }
  checkOwnOptions(config, shown);
  return { path, folder: dirname(path), config };
}

const KEYS: readonly string[] = ['contracts', 'management', ...OPTION_KEYS];

function checkOwnOptions({ contracts, management, ...others }: WarrenConfig, shown: string): void {
  const problems: string[] = [];
  new OptionReader(others, shown, problems).refuseUnknown(KEYS);
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  if (contracts !== undefined && !(Array.isArray(contracts) && contracts.every(isTaskContract))) {
    throw new UsageError(`${shown}: contracts must be an array of what defineTask() returns`);
  }
  // Never the value: it holds a password.
  if (management !== undefined && management !== false && typeof management !== 'string') {
    throw new UsageError(`${shown}: management must be a URL or false`);
  }
}

function readJson(path: string, shown: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    // Never the parser's message: it quotes the file, and the file may hold a password.
    throw new UsageError(`${shown} is not valid JSON`);
  }
}

async function loadModule(path: string, shown: string): Promise<unknown> {
  try {
    return await loadFile(path);
  } catch (error) {
    const { name, message } = describeThrown(error);
    throw new UsageError(`${shown} cannot be loaded: ${name}: ${message}${typeScriptHint(path, error)}`);
  }
}

/** `import()` gives the exports of CommonJS as `default`, and what a compiler made of a default export inside of that. */
function exportedConfig(module: unknown): unknown {
  const first = defaultOf(module);
  return first === undefined ? module : (defaultOf(first) ?? first);
}

function defaultOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'default')) return undefined;
  return (value as { default: unknown }).default;
}

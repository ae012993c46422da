import { statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { glob } from 'tinyglobby';

const CODE = /\.[cm]?[jt]s$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;

/** What a pattern names. */
export interface FoundFiles {
  /** Absolute paths of code that can be loaded, sorted. */
  readonly files: readonly string[];
  /** How many other files it names: declarations, source maps. */
  readonly passedOver: number;
}

/**
 * Finds the files that a glob names, or the one file that it is the path of. Looks into `node_modules` only where the
 * pattern says so.
 *
 * @param cwd - what a relative pattern is relative to.
 * @throws what the glob library throws for a pattern that it cannot compile.
 */
export async function findFiles(pattern: string, cwd: string): Promise<FoundFiles> {
  const named = await namedBy(pattern, cwd);
  const files = named.filter((path) => CODE.test(path) && !DECLARATIONS.test(path));
  return { files: files.sort(), passedOver: named.length - files.length };
}

async function namedBy(pattern: string, cwd: string): Promise<readonly string[]> {
  // A path may hold brackets or parentheses, which mean something else in a glob.
  const path = resolve(cwd, pattern);
  if (isFile(path)) return [path];
  const slashed = sep === '\\' ? pattern.replaceAll('\\', '/') : pattern;
  const ignore = pattern.includes('node_modules') ? [] : ['**/node_modules/**'];
  const found = await glob(slashed, { cwd, ignore, absolute: true, onlyFiles: true, expandDirectories: false });
  return found.map((file) => resolve(file));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // No such file, a name that is too long for one, or one that holds a null character: a glob, then.
    return false;
  }
}

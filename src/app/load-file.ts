import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeThrown } from '../errors/describe-thrown';

/** Loads a module by its absolute path and gives its exports. */
export type LoadFile = (path: string) => Promise<unknown>;

/** What Node throws inside of a `vm` context that has no loader of its own, such as Jest's without `--experimental-vm-modules`. */
const NO_DYNAMIC_IMPORT = new Set([
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING',
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG',
]);

/**
 * Loads a file by `import()`, which takes ES modules and CommonJS. By `require` where that is not to be had, or where it
 * does not know the file and a loader that was registered for `require` (`--require esbuild-register`) does.
 */
export const loadFile: LoadFile = async (path) => {
  try {
    return (await import(pathToFileURL(path).href)) as unknown;
  } catch (error) {
    const { code = '' } = describeThrown(error);
    const require = createRequire(path);
    const isRegistered = code === 'ERR_UNKNOWN_FILE_EXTENSION' && extname(path) in require.extensions;
    if (!NO_DYNAMIC_IMPORT.has(code) && !isRegistered) throw error;
    return require(path) as unknown;
  }
};

/**
 * What to do about TypeScript that could not be loaded; empty for anything else. Node reads it by itself since 22.18,
 * but no decorators, and a `.ts` file of a CommonJS package only without `import` and `export`.
 */
export function typeScriptHint(path: string, error: unknown): string {
  const { name, code = '' } = describeThrown(error);
  if (!/^\.[cm]?ts$/.test(extname(path))) return '';
  if (code !== 'ERR_UNKNOWN_FILE_EXTENSION' && code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' && name !== 'SyntaxError') {
    return '';
  }
  // An unknown extension: this Node reads no TypeScript at all, whatever the file is called.
  const mayRename = /config\.ts$/.test(path) && code !== 'ERR_UNKNOWN_FILE_EXTENSION';
  const ofConfig = mayRename ? ' name it .mts if it holds "export",' : '';
  return (
    `\nNode ${process.versions.node} cannot load it by itself: name the built file,${ofConfig} or start the process with a ` +
    'TypeScript loader: npm install --save-dev @oxc-node/core, NODE_OPTIONS="--import @oxc-node/core/register" (tsx emits no ' +
    'decorator metadata: with it, each task names its payload)'
  );
}

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { describeThrown } from '../errors/describe-thrown';

/** Loads a module by its absolute path and gives its exports. */
export type LoadFile = (path: string) => Promise<unknown>;

/** What Node throws inside of a `vm` context that has no loader of its own, such as Jest's without `--experimental-vm-modules`. */
const NO_DYNAMIC_IMPORT = new Set([
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING',
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG',
]);

/** Loads a file by `import()`, which takes ES modules and CommonJS; where that is not to be had, by `require`. */
export const loadFile: LoadFile = async (path) => {
  try {
    return (await import(pathToFileURL(path).href)) as unknown;
  } catch (error) {
    if (!NO_DYNAMIC_IMPORT.has(describeThrown(error).code ?? '')) throw error;
    return createRequire(path)(path) as unknown;
  }
};

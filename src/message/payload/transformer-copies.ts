import type { ClassType } from '../../task/class-type';

const STORAGE_FILE = /[\\/]class-transformer[\\/](?:cjs[\\/])?storage\.js$/;
const STORES = ['_typeMetadatas', '_exposeMetadatas', '_excludeMetadatas', '_transformMetadatas'];

/** The files of CommonJS modules that are loaded, and what they export. */
export type LoadedModules = Readonly<Record<string, { readonly exports?: unknown } | undefined>>;

/**
 * The copies of class-transformer, other than Warren's own, with which a class was decorated. Each copy keeps its
 * metadata for itself, so that what another copy knows (that a password is left out, say) is not seen.
 */
export function copiesThatKnow(type: ClassType, loaded: LoadedModules = loadedModules()): readonly string[] {
  const own = ownFile();
  return Object.keys(loaded).filter(
    (file) => STORAGE_FILE.test(file) && file !== own && knows(loaded[file]?.exports, type),
  );
}

/** None where a bundler left no CommonJS. */
function loadedModules(): LoadedModules {
  try {
    return require.cache ?? {};
  } catch {
    return {};
  }
}

function ownFile(): string | undefined {
  try {
    return require.resolve('class-transformer/cjs/storage');
  } catch {
    return undefined;
  }
}

function knows(exported: unknown, type: ClassType): boolean {
  const storage: unknown = isObject(exported) ? Reflect.get(exported, 'defaultMetadataStorage') : undefined;
  if (!isObject(storage)) return false;
  return STORES.some((name) => {
    const store: unknown = Reflect.get(storage, name);
    return store instanceof Map && store.has(type);
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

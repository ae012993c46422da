import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of a package as it is loaded here. Many do not export their `package.json`, so it is looked for on disk. */
export function packageVersion(name: string): string {
  for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const described = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    if (described.name === name && described.version !== undefined) return described.version;
  }
  throw new Error(`no package.json of ${name} was found above its entry`);
}

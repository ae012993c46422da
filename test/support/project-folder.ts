import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this project's package.json: the sources are some folders below it, the compiled ones some more. */
export const PROJECT_FOLDER = findProjectFolder(__dirname);

function findProjectFolder(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === dirname(folder)) throw new Error(`no package.json was found above ${__dirname}`);
  return findProjectFolder(dirname(folder));
}

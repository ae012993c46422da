import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The package's version; its manifest stands two folders above, in the sources as in what is installed. */
export function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { FastPath } from '../../broker/capabilities';

/** Versions of amqplib that all tests have passed with. Before one is added: compare `../internals.ts` with its code. */
export const TESTED_VERSIONS: readonly string[] = ['2.3.1'];

/**
 * Whether to take the short way past amqplib.
 *
 * @param wanted - `false`: never; `true`: whatever the version; `undefined`: with a version that it was tested with.
 * @param version - amqplib's, or `undefined` where it cannot be read: in a bundle, say.
 */
export function decideFastPath(wanted: boolean | undefined, version: string | undefined): FastPath {
  if (wanted === false) return { on: false, reason: 'it is switched off (option fastPath, or WARREN_FAST_PATH)' };
  if (wanted === true || (version !== undefined && TESTED_VERSIONS.includes(version)))
    return { on: true, reason: undefined };
  const tested = TESTED_VERSIONS.join(', ');
  return {
    on: false,
    reason:
      version === undefined
        ? `the version of amqplib cannot be read; fastPath: true takes it all the same. It was tested with ${tested}`
        : `amqplib is ${version}, and it was tested with ${tested}`,
  };
}

/** The version of amqplib that is installed. */
export function installedVersion(): string | undefined {
  try {
    // Its package.json is not among its exports.
    const entry = require.resolve('amqplib');
    const folder = entry.slice(0, entry.lastIndexOf(`${sep}amqplib${sep}`) + `${sep}amqplib${sep}`.length);
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    return name === 'amqplib' && typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

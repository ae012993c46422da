import { createRequire } from 'node:module';
import { ConfigurationError } from '../errors/configuration-error';
import { describeThrown } from '../errors/describe-thrown';

/**
 * Loads an optional peer dependency, and not before somebody asks for what needs it. By `require`: the peers are
 * CommonJS, and OpenTelemetry keeps its one state of the process whichever way it is loaded.
 *
 * @throws ConfigurationError that says what to install.
 */
export function loadPeer<T>(name: string, option: string, load: (name: string) => unknown = loadInstalled): T {
  try {
    return load(name) as T;
  } catch (error) {
    if (describeThrown(error).code !== 'MODULE_NOT_FOUND') throw error;
    throw new ConfigurationError(
      [`telemetry: "${option}" needs ${name}, which is not installed: npm install ${name}`],
      {
        cause: error,
      },
    );
  }
}

/** A bundle that is an ES module has no `__filename`: there the peers are looked for beside the program that was started. */
const loadInstalled = (name: string): unknown =>
  createRequire(typeof __filename === 'undefined' ? (process.argv[1] ?? `${process.cwd()}/`) : __filename)(name);

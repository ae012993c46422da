import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_FOLDER } from '../project-folder';
import { type BrokerSeries, TESTED_SERIES } from './broker';
import type { InstalledServer } from './process-broker';

/** Where the brokers for tests come from. Plain JSON, so that it can be handed to Jest's workers. */
export type BrokerSource =
  | { readonly kind: 'docker' }
  | { readonly kind: 'processes'; readonly servers: readonly InstalledServer[] };

const INSTALL_SCRIPT = join(PROJECT_FOLDER, 'rabbitmq/install.sh');
const run = promisify(execFile);

/**
 * Docker, else servers that are installed here, else servers that can be installed here, else an error. Says which.
 *
 * @see docs/decisions/003-brokers-for-tests-by-debootstrap.md
 */
export async function findBrokerSource(): Promise<BrokerSource> {
  const engine = await dockerEngine();
  if (engine !== undefined) {
    say(`containers, since a Docker engine answers (${engine})`);
    return { kind: 'docker' };
  }
  const missing = TESTED_SERIES.filter((series) => installedRoot(series) === undefined);
  const onPath = missing.length === 0 ? undefined : await serverOnPath();
  const toInstall = missing.filter((series) => series !== onPath);
  if (toInstall.length > 0) await install(toInstall);

  const servers = TESTED_SERIES.map((series) => serverOf(series));
  say(
    `server processes, since no Docker engine answers: ${servers.map((each) => `${each.series} from ${each.root ?? 'PATH'}`).join(', ')}`,
  );
  return { kind: 'processes', servers };
}

/** The engine's version. Only the engine is asked: a Docker client may be there without one. */
async function dockerEngine(): Promise<string | undefined> {
  try {
    const { stdout } = await run('docker', ['info', '--format', '{{.ServerVersion}}'], {
      timeout: 10_000,
      killSignal: 'SIGKILL',
    });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}

/** The series of the rabbitmq-server on PATH, such as 4.3. */
async function serverOnPath(): Promise<string | undefined> {
  try {
    const { stdout } = await run('rabbitmqctl', ['version'], { timeout: 30_000, killSignal: 'SIGKILL' });
    return /^(\d+\.\d+)\.\d+/m.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function installedRoot(series: BrokerSeries): string | undefined {
  const cache = process.env['WARREN_RABBITMQ_CACHE'] || process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const root = join(cache, 'warren/rabbitmq', series);
  return existsSync(root) && process.getuid?.() === 0 ? root : undefined;
}

function serverOf(series: BrokerSeries): InstalledServer {
  const root = installedRoot(series);
  return root === undefined ? { series } : { series, root };
}

async function install(series: readonly BrokerSeries[]): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    throw new Error(
      `The tests need RabbitMQ ${series.join(' and ')}: start Docker, or run them as root on Debian or Ubuntu, where they install it themselves.`,
    );
  }
  const installer = spawn(INSTALL_SCRIPT, series, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(installer, 'exit');
  if (code !== 0) throw new Error('rabbitmq/install.sh could not install RabbitMQ; what it printed above says why');
}

function say(what: string): void {
  process.stderr.write(`RabbitMQ for the tests: ${what}\n`);
}

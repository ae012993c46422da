import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bounded } from '../bounded';
import { PROJECT_FOLDER } from '../project-folder';
import { amqpVersion } from './amqp-version';
import type { BrokerOptions, BrokerSeries, TestBroker } from './broker';
import { freePort } from './free-port';
import { tlsFiles, tlsLines } from './tls-config';

/** A server that is installed on this machine. */
export interface InstalledServer {
  readonly series: BrokerSeries;
  /** The folder that `rabbitmq/install.sh` has made; undefined for the server on PATH. */
  readonly root?: string;
}

const RUN_SCRIPT = join(PROJECT_FOLDER, 'rabbitmq/run.sh');
const FOLDER_PREFIX = 'warren-rabbitmq-';
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 60_000;
const KILL_TIMEOUT_MS = 15_000;
const CTL_TIMEOUT_MS = 60_000;

/** What the nodes of one cluster share. */
export interface ProcessCluster {
  /** Of an epmd that outlives each node. */
  readonly epmdPort: number;
  readonly cookie: string;
}

/** Starts a broker as a process of this machine, with ports and a data folder of its own. It dies with this process. */
export async function startProcessBroker(
  server: InstalledServer,
  options: BrokerOptions,
  cluster?: ProcessCluster,
): Promise<TestBroker> {
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  const hasManagement = options.plugins?.includes('rabbitmq_management') === true;
  const managementPort = hasManagement ? await freePort() : undefined;
  const tlsPort = options.tls === undefined ? undefined : await freePort();
  // In a root of its own, the server sees the folder there.
  const seen = server.root === undefined ? folder : '/etc/rabbitmq';
  const config = [
    ...(options.tls === undefined ? [] : tlsLines(options.tls, `127.0.0.1:${tlsPort}`, seen)),
    ...(hasManagement ? ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`] : []),
    ...(options.config ?? []),
  ];
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    config.map((line) => `${line.replaceAll('{files}', seen)}\n`).join(''),
  );
  const files = { ...(options.tls === undefined ? {} : tlsFiles(options.tls)), ...options.files };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await writeFile(join(folder, 'enabled_plugins'), `[${options.plugins?.join(',') ?? ''}].\n`);
  // Erlang wants nobody else to read it; run.sh gives it to the server's user.
  if (cluster !== undefined) await writeFile(join(folder, '.erlang.cookie'), cluster.cookie, { mode: 0o400 });
  const broker = new ProcessBroker(server, folder, await freePort(), managementPort, tlsPort, cluster?.epmdPort);
  try {
    await broker.start();
  } catch (error) {
    await broker.dispose();
    throw error;
  }
  return broker;
}

/** Starts an epmd for the nodes of a cluster: one that a node had started would die with that node. */
export async function startEpmd(server: InstalledServer): Promise<{ readonly port: number; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  const port = await freePort();
  const env = { BROKER_DATA: folder, BROKER_ROOT: server.root, RABBITMQ_NODENAME: 'epmd', ERL_EPMD_PORT: String(port) };
  const child = spawn(RUN_SCRIPT, ['epmd'], { env: { ...process.env, ...env }, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  const ended = once(child, 'exit');
  await bounded('epmd to listen', listening(port), START_TIMEOUT_MS);
  return {
    port,
    dispose: async () => {
      child.kill('SIGKILL');
      await bounded('epmd to end', ended, KILL_TIMEOUT_MS);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function listening(port: number): Promise<void> {
  for (;;) {
    try {
      return await accepted(port);
    } catch {
      // Not yet; the caller sets the deadline.
      await sleep(50);
    }
  }
}

/** Removes the data of brokers whose owner was killed before it could. Those brokers died with it. */
export function removeAbandonedFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

class ProcessBroker implements TestBroker {
  readonly series: BrokerSeries;
  readonly url: string;
  readonly managementUrl: string | undefined;
  version = 'unknown';
  /** Undefined while it is down. */
  #running: { readonly child: ChildProcess; readonly end: Promise<void>; readonly env: NodeJS.ProcessEnv } | undefined;

  constructor(
    readonly server: InstalledServer,
    readonly folder: string,
    readonly port: number,
    managementPort: number | undefined,
    readonly tlsPort: number | undefined,
    readonly epmdPort: number | undefined,
  ) {
    this.series = server.series;
    this.url = `amqp://guest:guest@127.0.0.1:${port}`;
    this.managementUrl = managementPort === undefined ? undefined : `http://127.0.0.1:${managementPort}`;
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) throw new Error(`${this} is already running`);
    const env = await this.#environment();
    await rm(this.#pidFile, { force: true });
    const log = openSync(this.#logFile, 'a');
    // run.sh takes the end of its standard input for the end of this process.
    const child = spawn(RUN_SCRIPT, ['rabbitmq-server'], { env, stdio: ['pipe', log, log] });
    closeSync(log);
    // A broker that nobody disposes of must not keep its test process alive.
    child.unref();
    const end = new Promise<void>((ended) => {
      child.once('exit', () => ended());
      child.once('error', () => ended());
    });
    this.#running = { child, end, env };
    void end.then(() => {
      this.#running = undefined;
    });
    await this.#explained(`${this} to start`, this.#ready(), START_TIMEOUT_MS);
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL', KILL_TIMEOUT_MS);
  }

  async stop(): Promise<void> {
    // A suspended server would not see the signal.
    if (this.#running !== undefined) await this.resume();
    await this.#end('SIGTERM', STOP_TIMEOUT_MS);
  }

  async suspend(): Promise<void> {
    process.kill(this.#pid(), 'SIGSTOP');
  }

  async resume(): Promise<void> {
    process.kill(this.#pid(), 'SIGCONT');
  }

  writeFile(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  log(): Promise<string> {
    return readFile(this.#logFile, 'utf8');
  }

  async ctl(...args: readonly string[]): Promise<string> {
    if (this.#running === undefined) throw new Error(`${this} is down, rabbitmqctl has nothing to talk to`);
    const { env } = this.#running;
    const command = promisify(execFile)(RUN_SCRIPT, ['rabbitmqctl', '--quiet', ...args], {
      env,
      timeout: CTL_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    });
    return (await this.#explained(`rabbitmqctl ${args.join(' ')}`, command, CTL_TIMEOUT_MS + 5_000)).stdout;
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  get node(): string {
    return `warren-${this.port}@localhost`;
  }

  toString(): string {
    return `RabbitMQ ${this.series} on port ${this.port}`;
  }

  get #logFile(): string {
    return join(this.folder, 'broker.log');
  }

  get #pidFile(): string {
    return join(this.folder, 'pid');
  }

  /** The ports that no client uses are new at each start, so that a start never waits for what the last end has left. */
  async #environment(): Promise<NodeJS.ProcessEnv> {
    return {
      ...process.env,
      BROKER_DATA: this.folder,
      BROKER_ROOT: this.server.root,
      RABBITMQ_NODENAME: this.node,
      RABBITMQ_NODE_PORT: String(this.port),
      RABBITMQ_DIST_PORT: String(await freePort()),
      ERL_EPMD_PORT: String(this.epmdPort ?? (await freePort())),
    };
  }

  async #ready(): Promise<void> {
    while (this.#running !== undefined) {
      try {
        this.version = await amqpVersion(this.url);
        // It listens there last.
        if (this.tlsPort !== undefined) await accepted(this.tlsPort);
        return;
      } catch {
        // Not yet; #explained sets the deadline.
        await sleep(50);
      }
    }
    throw new Error(`${this} ended while it was starting`);
  }

  /** The server's process: the one that run.sh has become. */
  #pid(): number {
    if (this.#running === undefined) throw new Error(`${this} is down`);
    const pid = Number(readFileSync(this.#pidFile, 'utf8'));
    // An empty file would be 0, and a signal to 0 goes to this process and its siblings.
    if (!(pid > 1)) throw new Error(`${this} has not written its process id yet`);
    return pid;
  }

  async #end(signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    if (this.#running === undefined) return;
    const { child, end } = this.#running;
    try {
      process.kill(this.#pid(), signal);
    } catch {
      // It has just ended, or has not come as far as writing its process id; run.sh takes along what it has started.
      child.kill('SIGKILL');
    }
    await this.#explained(`${this} to end after ${signal}`, end, timeoutMs);
  }

  async #explained<T>(what: string, promise: Promise<T>, timeoutMs: number): Promise<T> {
    try {
      return await bounded(what, promise, timeoutMs);
    } catch (error) {
      const log = await readFile(this.#logFile, 'utf8').catch(() => '(no log)');
      throw new Error(`${what} failed; the broker's log ends with:\n${log.split('\n').slice(-40).join('\n')}`, {
        cause: error,
      });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function accepted(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedNetwork, StartedTestContainer } from 'testcontainers';
import { bounded } from '../bounded';
import { amqpVersion } from './amqp-version';
import type { BrokerOptions, BrokerSeries, TestBroker } from './broker';
import { freePort } from './free-port';
import { tlsFiles, tlsLines } from './tls-config';

type Testcontainers = typeof import('testcontainers');
type RuntimeContainer = ReturnType<
  Awaited<ReturnType<Testcontainers['getContainerRuntimeClient']>>['container']['getById']
>;

/** Includes the image's download. */
const CREATE_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 60_000;
const COMMAND_TIMEOUT_MS = 60_000;
const FILES_FOLDER = '/etc/rabbitmq';

/** What the nodes of one cluster share. */
export interface DockerCluster {
  readonly network: StartedNetwork;
  readonly cookie: string;
  /** Of this node. */
  readonly hostname: string;
}

/** Starts a broker in a container of its own, which testcontainers removes should this process die. */
export async function startDockerBroker(options: BrokerOptions, cluster?: DockerCluster): Promise<TestBroker> {
  // Loading it takes half a second, which only those should pay who use it.
  const { GenericContainer, getContainerRuntimeClient } = require('testcontainers') as Testcontainers;
  // Fixed ports, since Docker would give a container that is started again other ones.
  const port = await freePort();
  const managementPort = await freePort();
  const tlsPort = options.tls === undefined ? undefined : await freePort();
  const config = [
    ...(options.tls === undefined ? [] : tlsLines(options.tls, '5671', FILES_FOLDER)),
    ...(options.config ?? []),
  ];
  const files = { ...(options.tls === undefined ? {} : tlsFiles(options.tls)), ...options.files };
  const plugins = new Set(['rabbitmq_management', ...(options.plugins ?? [])]);
  const created = new GenericContainer(`rabbitmq:${options.series}-management`)
    .withExposedPorts(
      { container: 5672, host: port },
      { container: 15672, host: managementPort },
      ...(tlsPort === undefined ? [] : [{ container: 5671, host: tlsPort }]),
    )
    // A part of the node's name, under which it finds its data.
    .withHostname(cluster?.hostname ?? 'rabbitmq')
    .withCopyContentToContainer([
      {
        target: '/etc/rabbitmq/conf.d/90-test.conf',
        content: config.map((line) => `${line.replaceAll('{files}', FILES_FOLDER)}\n`).join(''),
      },
      ...Object.entries(files).map(([name, content]) => ({ target: `${FILES_FOLDER}/${name}`, content })),
      { target: '/etc/rabbitmq/enabled_plugins', content: `[${[...plugins].join(',')}].\n` },
    ])
    .withStartupTimeout(CREATE_TIMEOUT_MS);
  if (cluster !== undefined) {
    created.withNetwork(cluster.network).withNetworkAliases(cluster.hostname);
    created.withEnvironment({ RABBITMQ_ERLANG_COOKIE: cluster.cookie });
  }
  const container = await created.start();
  const runtime = (await getContainerRuntimeClient()).container.getById(container.getId());
  const broker = new DockerBroker(options.series, container, runtime, port, managementPort, tlsPort, cluster?.hostname);
  try {
    await broker.untilReady();
  } catch (error) {
    await broker.dispose();
    throw error;
  }
  return broker;
}

class DockerBroker implements TestBroker {
  readonly url: string;
  readonly managementUrl: string;
  readonly node: string;
  version = 'unknown';
  #disposed = false;

  constructor(
    readonly series: BrokerSeries,
    readonly container: StartedTestContainer,
    readonly runtime: RuntimeContainer,
    readonly port: number,
    managementPort: number,
    readonly tlsPort: number | undefined,
    hostname = 'rabbitmq',
  ) {
    this.node = `rabbit@${hostname}`;
    this.url = `amqp://guest:guest@${container.getHost()}:${port}`;
    this.managementUrl = `http://${container.getHost()}:${managementPort}`;
  }

  async start(): Promise<void> {
    if (await this.#isRunning()) throw new Error(`${this} is already running`);
    await this.#explained(`${this} to start`, this.runtime.start(), COMMAND_TIMEOUT_MS);
    await this.untilReady();
  }

  async kill(): Promise<void> {
    if (await this.#isRunning()) await this.#explained(`${this} to be killed`, this.runtime.kill(), COMMAND_TIMEOUT_MS);
  }

  async stop(): Promise<void> {
    if (!(await this.#isRunning())) return;
    await this.#explained(
      `${this} to stop`,
      this.runtime.stop({ t: STOP_TIMEOUT_MS / 1_000 }),
      STOP_TIMEOUT_MS + 10_000,
    );
  }

  async suspend(): Promise<void> {
    await this.#explained(`${this} to be suspended`, this.runtime.pause(), COMMAND_TIMEOUT_MS);
  }

  async resume(): Promise<void> {
    await this.#explained(`${this} to be resumed`, this.runtime.unpause(), COMMAND_TIMEOUT_MS);
  }

  async writeFile(name: string, content: string): Promise<void> {
    await this.container.copyContentToContainer([{ target: `${FILES_FOLDER}/${name}`, content }]);
  }

  async log(): Promise<string> {
    const logs = this.runtime.logs({ follow: false, stdout: true, stderr: true });
    return String(await bounded(`the log of ${this}`, logs, COMMAND_TIMEOUT_MS));
  }

  async ctl(...args: readonly string[]): Promise<string> {
    const command = this.container.exec(['rabbitmqctl', '--quiet', ...args]);
    const result = await this.#explained(`rabbitmqctl ${args.join(' ')}`, command, COMMAND_TIMEOUT_MS);
    if (result.exitCode !== 0) throw new Error(`rabbitmqctl ${args.join(' ')} failed: ${result.output}`);
    return result.stdout;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#explained(`${this} to be removed`, this.runtime.remove({ force: true, v: true }), COMMAND_TIMEOUT_MS);
  }

  async untilReady(): Promise<void> {
    const abort = new AbortController();
    const ready = async (): Promise<string> => {
      for (;;) {
        abort.signal.throwIfAborted();
        try {
          return await amqpVersion(this.url);
        } catch {
          // Not yet; #explained sets the deadline.
          await sleep(100);
        }
      }
    };
    try {
      this.version = await this.#explained(`${this} to be ready`, ready(), START_TIMEOUT_MS);
    } finally {
      abort.abort();
    }
  }

  toString(): string {
    return `RabbitMQ ${this.series} in container ${this.container.getId().slice(0, 12)}`;
  }

  async #isRunning(): Promise<boolean> {
    const { State: state } = await bounded(`${this} to be inspected`, this.runtime.inspect(), COMMAND_TIMEOUT_MS);
    return state.Running;
  }

  async #explained<T>(what: string, promise: Promise<T>, timeoutMs: number): Promise<T> {
    try {
      return await bounded(what, promise, timeoutMs);
    } catch (error) {
      const logs = this.runtime.logs({ follow: false, stdout: true, stderr: true, tail: 40 });
      const tail = await bounded('the log', logs, 10_000).then(String, () => '(no log)');
      throw new Error(`${what} failed; the broker's log ends with:\n${tail}`, { cause: error });
    }
  }
}

import { randomUUID } from 'node:crypto';
import { eventually } from '../bounded';
import type { BrokerOptions, TestBroker, TestCluster } from './broker';
import { startDockerBroker } from './docker-broker';
import type { BrokerSource } from './find-broker-source';
import { startEpmd, startProcessBroker } from './process-broker';

/** What makes the nodes of one cluster, one after the other. */
interface NodeMaker {
  start(options: BrokerOptions): Promise<TestBroker>;
  dispose(): Promise<void>;
}

const SIZE = 3;
const FORMED_TIMEOUT_MS = 90_000;
/** Nodes notice within seconds that another one went silent; RabbitMQ's own is a minute. */
const NET_TICK = 'net_ticktime = 5';

/** Three nodes. The first starts alone, the others join it. */
export async function startCluster(source: BrokerSource, options: BrokerOptions): Promise<TestCluster> {
  const maker = await (source.kind === 'docker' ? dockerNodes() : processNodes(source, options));
  const cluster = new Cluster(maker);
  try {
    const first = await cluster.add({ ...options, config: [NET_TICK, ...(options.config ?? [])] });
    const joining = {
      ...options,
      config: [
        NET_TICK,
        ...(options.config ?? []),
        'cluster_formation.peer_discovery_backend = classic_config',
        `cluster_formation.classic_config.nodes.1 = ${first.node}`,
      ],
    };
    for (let count = 1; count < SIZE; count++) await cluster.add(joining);
    await cluster.heal();
    return cluster;
  } catch (error) {
    await cluster.dispose();
    throw error;
  }
}

async function processNodes(
  { servers }: Extract<BrokerSource, { kind: 'processes' }>,
  { series }: BrokerOptions,
): Promise<NodeMaker> {
  const server = servers.find((each) => each.series === series);
  if (server === undefined) throw new Error(`no server of RabbitMQ ${series} was found`);
  const epmd = await startEpmd(server);
  const shared = { epmdPort: epmd.port, cookie: randomUUID() };
  return { start: (options) => startProcessBroker(server, options, shared), dispose: () => epmd.dispose() };
}

async function dockerNodes(): Promise<NodeMaker> {
  const { Network } = require('testcontainers') as typeof import('testcontainers');
  const network = await new Network().start();
  const cookie = randomUUID();
  let count = 0;
  return {
    start: (options) => startDockerBroker(options, { network, cookie, hostname: `node-${++count}` }),
    dispose: async () => {
      await network.stop();
    },
  };
}

class Cluster implements TestCluster {
  readonly nodes: TestBroker[] = [];
  readonly #cutOff = new Set<TestBroker>();

  constructor(private readonly maker: NodeMaker) {}

  async add(options: BrokerOptions): Promise<TestBroker> {
    const node = await this.maker.start(options);
    this.nodes.push(node);
    return node;
  }

  get urls(): readonly string[] {
    return this.nodes.map(({ url }) => url);
  }

  async cutOff(node: TestBroker): Promise<void> {
    this.#cutOff.add(node);
    // With another cookie for each other they can neither stay connected nor connect again.
    const names = this.#othersOf(node).map((other) => `'${other.node}'`);
    await node.ctl(
      'eval',
      `[begin erlang:set_cookie(N, cut_off), erlang:disconnect_node(N) end || N <- [${names.join(',')}]].`,
    );
  }

  async heal(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.resume().catch(() => undefined)));
    await Promise.all(this.nodes.map((node) => node.start().catch(rethrowUnlessRunning)));
    for (const node of this.#cutOff) {
      const names = this.#othersOf(node).map((other) => `'${other.node}'`);
      await node.ctl(
        'eval',
        `[begin erlang:set_cookie(N, erlang:get_cookie()), net_kernel:connect_node(N) end || N <- [${names.join(',')}]].`,
      );
    }
    this.#cutOff.clear();
    for (const node of this.nodes) await this.#seesAll(node);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.dispose()));
    await this.maker.dispose();
  }

  #othersOf(node: TestBroker): readonly TestBroker[] {
    return this.nodes.filter((other) => other !== node);
  }

  /** RabbitMQ runs there, and on all nodes that it sees. */
  async #seesAll(node: TestBroker): Promise<void> {
    await eventually(
      `${node.node} to see ${this.nodes.length} nodes`,
      () => node.ctl('eval', 'length([N || N <- [node() | nodes()], rabbit:is_running(N)]).').catch(String),
      (count) => count.trim() === String(this.nodes.length),
      FORMED_TIMEOUT_MS,
    );
  }
}

function rethrowUnlessRunning(error: unknown): void {
  if (!String(error).includes('already running')) throw error;
}

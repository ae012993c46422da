import { randomUUID } from 'node:crypto';
import {
  defineTask,
  Task,
  type TaskApp,
  type TaskAppOptions,
  type TaskContext,
  type TaskContract,
  TaskQueue,
  WarrenError,
} from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker, type TestCluster } from '../support/rabbitmq/broker';
import { startPrivateCluster } from '../support/rabbitmq/shared-brokers';
import { untilOldEnough } from './support/old-enough';

const LANES = 10;
const ENOUGH = 200;
const PATIENCE_MS = 90_000;
/** How much later than its deadline an answer may come on a busy machine. */
const LATE_MS = 5_000;

/** What became of each task. */
class Ledger {
  readonly sent = new Set<string>();
  readonly confirmed = new Set<string>();
  readonly refused = new Map<string, string>();
  readonly completed = new Map<string, number>();
  /** How long the slowest answer took, in milliseconds. */
  slowest = 0;

  get lost(): readonly string[] {
    return [...this.confirmed].filter((id) => !this.completed.has(id));
  }
}

/** Those that may still send when their test has failed. */
const everybody = new Set<Producing>();

/** Tasks go on being enqueued, some at a time, until it is told to stop. */
class Producing {
  #wanted = true;
  readonly #lanes: Promise<unknown>;

  constructor(
    readonly app: TaskApp,
    readonly ledger: Ledger,
    queue: string,
    readonly timeoutMs: number,
  ) {
    const contract = defineTask(`${queue}.work`, { queue, payload: 'unchecked' });
    const lane = async (): Promise<void> => {
      while (this.#wanted) await this.#enqueue(contract);
    };
    this.#lanes = Promise.all(Array.from({ length: LANES }, lane));
    everybody.add(this);
  }

  /** Sends no more, whatever becomes of what is on its way. */
  end(): void {
    this.#wanted = false;
  }

  async stop(): Promise<void> {
    this.end();
    await bounded('every answer', this.#lanes, this.timeoutMs + 2 * LATE_MS);
  }

  /** Waits until so many more are confirmed. */
  async confirms(count: number): Promise<void> {
    const goal = this.ledger.confirmed.size + count;
    await eventually(
      `${count} more confirms`,
      () => ({ confirmed: this.ledger.confirmed.size, goal, refused: [...new Set(this.ledger.refused.values())] }),
      ({ confirmed }) => confirmed >= goal,
      PATIENCE_MS,
    );
  }

  async #enqueue(contract: TaskContract<unknown>): Promise<void> {
    const { ledger } = this;
    const id = randomUUID();
    const since = performance.now();
    ledger.sent.add(id);
    try {
      await this.app.client.enqueue(contract, { text: 'x'.repeat(100) }, { id, timeout: this.timeoutMs });
      ledger.confirmed.add(id);
    } catch (error) {
      if (!(error instanceof WarrenError)) throw error;
      ledger.refused.set(id, error.code);
      // Some refusals come at once: without a turn of the event loop nothing else would have its own.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      ledger.slowest = Math.max(ledger.slowest, performance.now() - since);
    }
  }
}

describe.each(TESTED_SERIES)('a cluster of RabbitMQ %s', (series) => {
  let cluster: TestCluster;

  beforeAll(async () => {
    // Before Khepri, a node that sees no majority must be told to wait for one.
    const config = series !== '4.3' ? ['cluster_partition_handling = pause_minority'] : [];
    cluster = await startPrivateCluster({ series, config });
  }, 240_000);
  afterEach(async () => {
    for (const producing of everybody) producing.end();
    everybody.clear();
    await stopApps();
    await cluster.heal();
  }, 120_000);
  afterAll(() => cluster?.dispose(), 60_000);

  const nodeAt = (address: string): TestBroker => {
    const node = cluster.nodes.find(({ port }) => address.endsWith(`:${port}`));
    if (node === undefined) throw new Error(`no node is at ${address}`);
    return node;
  };
  const othersThan = (node: TestBroker): readonly TestBroker[] => cluster.nodes.filter((other) => other !== node);

  /** As those say who are asked. */
  const leaderOf = async (queue: string, [asked]: readonly TestBroker[]): Promise<TestBroker> => {
    const lines = (await asked?.ctl('list_queues', 'name', 'leader'))?.split('\n') ?? [];
    const name = lines.find((line) => line.startsWith(`${queue}\t`))?.split('\t')[1];
    const node = cluster.nodes.find((each) => each.node === name?.trim());
    if (node === undefined) throw new Error(`the queue has no leader: ${name}`);
    return node;
  };

  /** A worker and a producer in one process, with connections of their own, and tasks that are under way. */
  async function work(
    urls: readonly string[],
    {
      timeoutMs = 30_000,
      queue = uniqueName('cluster'),
      senderUrls = urls,
    }: { readonly timeoutMs?: number; readonly queue?: string; readonly senderUrls?: readonly string[] } = {},
  ) {
    const ledger = new Ledger();
    @TaskQueue(queue, { concurrency: 20 })
    class Tasks {
      @Task({ payload: 'unchecked' })
      work(_payload: unknown, { id }: TaskContext): void {
        ledger.completed.set(id, (ledger.completed.get(id) ?? 0) + 1);
      }
    }
    const common: TaskAppOptions = { url: urls, heartbeat: '1s', connectTimeout: '2s' };
    const worker = await startApp({ ...common, tasks: [Tasks] });
    const declaredAt = Date.now();
    const app = await startApp({ ...common, url: senderUrls });
    const losses: (Error | undefined)[] = [];
    for (const each of [worker, app]) {
      each.on('connection:changed', ({ state, error }) => {
        if (state === 'connecting') losses.push(error);
      });
    }
    const producing = new Producing(app, ledger, queue, timeoutMs);
    await producing.confirms(ENOUGH);
    await untilOldEnough(declaredAt);
    return { queue, ledger, producing, losses };
  }

  async function expectNothingLost(ledger: Ledger): Promise<void> {
    await eventually(
      'every confirmed task',
      () => ledger.lost.length,
      (lost) => lost === 0,
      PATIENCE_MS,
    );
    const invented = [...ledger.completed.keys()].filter((id) => !ledger.sent.has(id));
    expect(invented).toEqual([]);
    expect(ledger.confirmed.size + ledger.refused.size).toBe(ledger.sent.size);
  }

  it('loses nothing when the node is killed that the service is connected to, and goes on at another', async () => {
    const { ledger, producing } = await work(cluster.urls);
    const killed = nodeAt(producing.app.address);
    await killed.kill();
    await producing.confirms(ENOUGH);
    expect(nodeAt(producing.app.address)).not.toBe(killed);
    await producing.stop();
    await expectNothingLost(ledger);
  }, 240_000);

  it('loses nothing when the leader of a queue is killed, though its own connections live on', async () => {
    const first = await work(cluster.urls);
    const { queue } = first;
    await first.producing.stop();
    await expectNothingLost(first.ledger);
    await stopApps();

    const leader = await leaderOf(queue, cluster.nodes);
    const followers = othersThan(leader);
    const { ledger, producing, losses } = await work(
      followers.map(({ url }) => url),
      { queue },
    );
    await leader.kill();
    await producing.confirms(ENOUGH);
    await producing.stop();
    await expectNothingLost(ledger);
    expect(losses).toEqual([]);
    expect(await leaderOf(queue, followers)).not.toBe(leader);
  }, 240_000);

  it('loses nothing when the node stands still that the service is connected to', async () => {
    // Where the leader itself stands still, 3.10 takes 40 s, and its nodes disagree about their queues from then on. A
    // queue is led from where it was declared.
    const [leader, ...followers] = cluster.urls;
    const roles = series !== '4.3' && leader !== undefined ? { urls: [leader], senderUrls: followers } : undefined;
    const { ledger, producing } = await work(roles?.urls ?? cluster.urls, roles);
    const still = nodeAt(producing.app.address);
    await still.suspend();
    await producing.confirms(ENOUGH);
    expect(nodeAt(producing.app.address)).not.toBe(still);
    await still.resume();
    await producing.confirms(ENOUGH);
    await producing.stop();
    await expectNothingLost(ledger);
  }, 240_000);

  it('loses nothing when the node is cut off that the service is connected to', async () => {
    const { ledger, producing, losses } = await work(cluster.urls, { timeoutMs: 5_000 });
    await cluster.cutOff(nodeAt(producing.app.address));
    // With Khepri the node goes on to serve and cannot say yes; before, it pauses, and lets everybody go to another one.
    await eventually(
      'the cut to be felt',
      () => ledger.refused.size > 0 || losses.length > 0,
      (felt) => felt,
      PATIENCE_MS,
    );
    await cluster.heal();
    await producing.confirms(ENOUGH);
    await producing.stop();
    expect(ledger.slowest).toBeLessThan(5_000 + LATE_MS);
    await expectNothingLost(ledger);
  }, 240_000);

  it('confirms nothing while only a minority is left, rejects in time, and goes on with the majority', async () => {
    const { ledger, producing } = await work(cluster.urls, { timeoutMs: 3_000 });
    const [, ...majority] = cluster.nodes;
    await Promise.all(majority.map((node) => node.kill()));
    const before = new Set(ledger.sent);
    await eventually(
      'rejections',
      () => [...ledger.refused.keys()].filter((id) => !before.has(id)).length,
      (count) => count >= 3 * LANES,
      PATIENCE_MS,
    );
    // Those that were sent when two of three nodes were gone, and nobody could say yes.
    expect([...ledger.confirmed].filter((id) => !before.has(id))).toEqual([]);
    expect(ledger.slowest).toBeLessThan(3_000 + LATE_MS);
    for (const code of new Set(ledger.refused.values()))
      expect(['PUBLISH_TIMEOUT', 'CONNECTION_CLOSED', 'NACKED', 'UNROUTABLE']).toContain(code);

    await cluster.heal();
    await producing.confirms(ENOUGH);
    await producing.stop();
    await expectNothingLost(ledger);
  }, 240_000);
});

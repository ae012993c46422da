import { defineTask, Task, type TaskApp, type TaskContext, TaskQueue } from '../../src';
import { planTopology } from '../../src/topology/plan';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { TESTED_SERIES, type TestBroker, type TestCluster } from '../support/rabbitmq/broker';
import { startPrivateCluster } from '../support/rabbitmq/shared-brokers';
import { untilOldEnough } from './support/old-enough';

const TASKS = 5;
/** Of a lost node, RabbitMQ 4.3 keeps what its consumers had for 60 s where nobody says otherwise. */
const WELL_BEFORE_A_MINUTE_MS = 40_000;
/** The policy that the connections page and `warren doctor` recommend, with a shorter time. */
const POLICY = ['warren-lost-node', '^(?!amq\\.|warren\\.delay\\.)', '{"consumer-disconnected-timeout":3000}'];

describe.each(TESTED_SERIES)('when a node of a cluster of RabbitMQ %s is killed', (series) => {
  let cluster: TestCluster;
  let survivor: TestBroker;
  let lost: TestBroker;
  let others: readonly string[];

  beforeAll(async () => {
    const config = series !== '4.3' ? ['cluster_partition_handling = pause_minority'] : [];
    cluster = await startPrivateCluster({ series, config });
    const [first, second, third] = cluster.nodes;
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three nodes');
    [survivor, lost, others] = [first, third, [first.url, second.url]];
  }, 240_000);
  afterEach(async () => {
    await stopApps();
    await cluster.heal();
  }, 120_000);
  afterAll(() => cluster?.dispose(), 60_000);

  /** A worker on some nodes that is told of each task, and lets it go on as it says. */
  const startWorker = (
    urls: readonly string[],
    queue: string,
    work: (task: TaskContext) => unknown,
  ): Promise<TaskApp> => {
    @TaskQueue(queue, { concurrency: TASKS })
    class Tasks {
      @Task({ payload: 'unchecked', name: `${queue}.work` })
      work(_payload: unknown, task: TaskContext): unknown {
        return work(task);
      }
    }
    return startApp({ url: urls, tasks: [Tasks], heartbeat: '1s', connectTimeout: '2s', stopTimeout: '1s' });
  };

  it('the tasks of its worker are done by another one within seconds, by the policy', async () => {
    if (series === '4.3') await survivor.ctl('set_policy', ...POLICY, '--apply-to', 'quorum_queues');
    const queue = uniqueName('lost-node');
    const contract = defineTask(`${queue}.work`, { queue, payload: 'unchecked' });
    // The queue is led from where it is declared.
    const declaredAt = Date.now();
    const sender = await startWorker([survivor.url], queue, () => undefined);
    await sender.pause();
    await untilOldEnough(declaredAt);
    const taken = new Set<string>();
    await startWorker([lost.url], queue, ({ id, signal }) => {
      taken.add(id);
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    });
    for (let count = 0; count < TASKS; count++) await sender.client.enqueue(contract, {});
    await eventually(
      'the tasks to be taken',
      () => taken.size,
      (size) => size === TASKS,
    );

    const done = new Set<string>();
    await startWorker(others, queue, ({ id }) => done.add(id));
    await lost.kill();
    await eventually(
      'the tasks to be done',
      () => done.size,
      (size) => size === TASKS,
      WELL_BEFORE_A_MINUTE_MS,
    );
    expect([...done].sort()).toEqual([...taken].sort());
  }, 240_000);

  it('another worker takes over the schedules within seconds, without a policy', async () => {
    if (series === '4.3') await survivor.ctl('clear_policy', 'warren-lost-node').catch(() => undefined);
    const queue = uniqueName('lost-leader');
    const declaredAt = Date.now();
    // Ticks are made by whoever leads; tasks are run on the nodes that stay.
    const ran: string[] = [];
    const runner = await startWorker(others, queue, ({ id }) => ran.push(id));
    // Led from a node that stays, so that its leader does not change.
    await runner.broker.declare(planTopology({ queues: [], schedules: true }));
    await untilOldEnough(declaredAt);
    const leader = await startApp({ url: lost.url, heartbeat: '1s', schedules: true });
    await leader.schedules.add('ticking', defineTask(`${queue}.work`, { queue, payload: 'unchecked' }), {
      every: '1s',
      payload: {},
    });
    await eventually(
      'ticks',
      () => ran.length,
      (count) => count > 0,
    );
    await startApp({ url: others, heartbeat: '1s', schedules: true });
    await lost.kill();
    const before = ran.length;
    await eventually(
      'ticks of the next leader',
      () => ran.length,
      (count) => count > before + 2,
      WELL_BEFORE_A_MINUTE_MS,
    );
    await runner.schedules.remove('ticking');
  }, 240_000);
});

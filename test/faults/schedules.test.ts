import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniqueName } from '../support/apps';
import { eventually } from '../support/bounded';
import { type BrokerSeries, TESTED_SERIES, type TestBroker } from '../support/rabbitmq/broker';
import { startPrivateBroker } from '../support/rabbitmq/shared-brokers';
import { untilOldEnough } from './support/old-enough';
import { WorkerProcess } from './worker-process';

/** Workers of one queue with one schedule of every second, and all that they have said. */
class Crew {
  readonly queue = uniqueName('scheduled');
  readonly folder = mkdtempSync(join(tmpdir(), 'warren-schedules-'));
  readonly all: WorkerProcess[] = [];
  readonly alive: WorkerProcess[] = [];

  constructor(private readonly url: string) {}

  start(heartbeat = '10s', payload: unknown = 'x', every = '1s'): WorkerProcess {
    const schedule = JSON.stringify({ name: this.queue, every, payload, catchUp: 'skip' });
    const worker = new WorkerProcess('scheduled-worker.cjs', this.url, this.queue, this.folder, heartbeat, schedule);
    this.all.push(worker);
    this.alive.push(worker);
    return worker;
  }

  async startMany(count: number, heartbeat?: string): Promise<void> {
    const started = Array.from({ length: count }, () => this.start(heartbeat));
    await Promise.all(started.map((worker) => worker.says('ready')));
  }

  /** The ids of all runs, doubles included. */
  get ids(): readonly string[] {
    return this.all.flatMap((worker) => worker.said('run ').map((line) => line.split(' ')[1] ?? ''));
  }

  get distinct(): ReadonlySet<string> {
    return new Set(this.ids);
  }

  /** The process that leads with the highest fence; `undefined` while nobody alive does. */
  get leader(): WorkerProcess | undefined {
    const fenceOf = (worker: WorkerProcess): number => {
      const last = [...worker.said('leading '), ...worker.said('follows ')].at(-1);
      return last?.startsWith('leading') === true ? Number(last.split(' ')[1]) : -1;
    };
    const leading = this.alive.filter((worker) => fenceOf(worker) >= 0);
    return leading.sort((a, b) => fenceOf(b) - fenceOf(a))[0];
  }

  async awaitLeader(timeoutMs: number, other?: WorkerProcess): Promise<WorkerProcess> {
    const found = await eventually(
      'a leader',
      () => this.leader,
      (leader) => leader !== undefined && leader !== other,
      timeoutMs,
    );
    if (found === undefined) throw new Error('no leader');
    return found;
  }

  async awaitTicks(count: number, timeoutMs: number): Promise<void> {
    await eventually(
      `${count} ticks`,
      () => this.distinct.size,
      (size) => size >= count,
      timeoutMs,
    );
  }

  async kill(worker: WorkerProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.alive.splice(this.alive.indexOf(worker), 1);
    await worker.end(signal);
  }

  /** Every second from the first tick to the last has one id, and there is no other. Done once, though it was enqueued twice. */
  async expectEverySecond(): Promise<void> {
    // What a process has done and not said, because it was killed or because its output is late, is in the folder alone.
    const said = this.distinct;
    const done = await eventually(
      'the work of every run that was said to begin',
      () => new Set(readdirSync(this.folder).map(decodeURIComponent)),
      (found) => [...said].every((id) => found.has(id)),
      10_000,
    );
    const times = [...done].map((id) => {
      const [name, instant] = id.split('@');
      expect(name).toBe(this.queue);
      return Date.parse(instant ?? '');
    });
    const first = Math.min(...times);
    const expected = times.map((_, index) => new Date(first + index * 1_000).toISOString());
    expect(times.map((time) => new Date(time).toISOString()).sort()).toEqual(expected);
    const executed = this.all.flatMap((worker) => worker.said('executed '));
    expect(new Set(executed).size).toBe(executed.length);
  }

  async dispose(): Promise<void> {
    for (const worker of this.alive) worker.signal('SIGCONT');
    await Promise.all(this.all.map((worker) => worker.end('SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// RabbitMQ drops a connection after two to three heartbeats of silence: on 4.3 here, after 24 s at the latest.
const RUNS: readonly { series: BrokerSeries; seconds: number; heartbeat: string }[] = TESTED_SERIES.map((series) =>
  series === '4.3' ? { series, seconds: 120, heartbeat: '8s' } : { series, seconds: 40, heartbeat: '2s' },
);

describe.each(RUNS)('schedules on RabbitMQ $series', ({ series, seconds, heartbeat }) => {
  let broker: TestBroker;
  let crew: Crew;

  beforeAll(async () => {
    broker = await startPrivateBroker({ series });
  }, 120_000);
  beforeEach(() => {
    crew = new Crew(broker.url);
  });
  afterEach(() => crew.dispose(), 60_000);
  afterAll(() => broker.dispose(), 60_000);

  it(`miss no tick in ${seconds} s while their leader is killed every ten, and double none with another id`, async () => {
    await crew.startMany(5);
    await crew.awaitTicks(1, 30_000);
    const takeOvers: number[] = [];
    while (crew.distinct.size < seconds) {
      await crew.awaitTicks(Math.min(seconds, crew.distinct.size + 10), 60_000);
      const leader = await crew.awaitLeader(10_000);
      await crew.kill(leader);
      const killedAt = performance.now();
      await crew.awaitLeader(30_000, leader);
      takeOvers.push(performance.now() - killedAt);
      crew.start();
    }
    await crew.awaitTicks(seconds + 2, 30_000);
    await crew.expectEverySecond();
    expect(takeOvers.length).toBeGreaterThanOrEqual(Math.floor(seconds / 10) - 1);
    expect(Math.max(...takeOvers)).toBeLessThan(5_000);
  }, 400_000);

  it(`go on within 30 s when their leader goes silent, and it doubles nothing with other ids when it wakes up`, async () => {
    await crew.startMany(3, heartbeat);
    await crew.awaitTicks(2, 30_000);
    const silent = await crew.awaitLeader(10_000);
    silent.signal('SIGSTOP');
    const stoppedAt = performance.now();
    await crew.awaitLeader(45_000, silent);
    expect(performance.now() - stoppedAt).toBeLessThan(30_000);
    await crew.awaitTicks(crew.distinct.size + 3, 30_000);
    silent.signal('SIGCONT');
    await silent.says('follows', 1);
    await crew.awaitTicks(crew.distinct.size + 5, 30_000);
    await crew.expectEverySecond();
  }, 180_000);

  it('roll from one version to the next, some killed and some stopped, without a gap', async () => {
    await crew.startMany(4, heartbeat);
    await crew.awaitTicks(3, 30_000);
    for (const [index, old] of [...crew.alive].entries()) {
      const replacement = crew.start(heartbeat, 'new');
      await replacement.says('ready');
      await crew.kill(old, index % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      await crew.awaitTicks(crew.distinct.size + 2, 30_000);
    }
    await crew.expectEverySecond();
    const last = crew.alive
      .flatMap((worker) => worker.said('run '))
      .sort()
      .at(-1);
    expect(last?.endsWith(' new')).toBe(true);
  }, 120_000);

  it('go on where they were after their broker was killed', async () => {
    await crew.startMany(3, heartbeat);
    await crew.awaitTicks(2, 30_000);
    const begin = Date.now();
    await untilOldEnough(begin);
    await broker.kill();
    await broker.start();
    await crew.awaitTicks(crew.distinct.size + 15, 60_000);
    await crew.expectEverySecond();
  }, 180_000);
});

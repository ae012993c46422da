import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Task, type TaskApp, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';

const WORKER = join(__dirname, 'fixtures/failpoint-worker.cjs');
const TASKS = 3;
const END_MS = 60_000;

interface Failpoint {
  readonly name: string;
  /** Attempts that fail, of two. */
  readonly failures: 0 | 1 | 2;
}

/** A point on the wire after a confirm is the one before the acknowledgement that follows it. */
const FAILPOINTS: readonly (readonly [when: string, failpoint: Failpoint])[] = [
  ['before its handler', { name: 'before-handler', failures: 0 }],
  ['after its handler', { name: 'after-handler', failures: 0 }],
  ['before the acknowledgement', { name: 'before-ack', failures: 0 }],
  ['after the acknowledgement was written', { name: 'after-ack', failures: 0 }],
  ['before the retry was published', { name: 'before-retry-publish', failures: 1 }],
  ['after the retry was written, before its confirm', { name: 'after-retry-publish', failures: 1 }],
  ['after the confirm of the retry, before the acknowledgement', { name: 'before-ack', failures: 1 }],
  ['before the dead letter was published', { name: 'before-dead-letter-publish', failures: 2 }],
  ['after the dead letter was written, before its confirm', { name: 'after-dead-letter-publish', failures: 2 }],
  ['after the confirm of the first copy, with a dead letter to come', { name: 'before-ack', failures: 2 }],
];

describe.each(sharedBrokers())('a worker that is killed with SIGKILL, on RabbitMQ $series', ({ url }) => {
  const children = new Set<ReturnType<typeof spawn>>();

  const startWorker = (queue: string, failpoint: string) => {
    const lines: string[] = [];
    const child = spawn(process.execPath, [WORKER, url, queue], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, FAILPOINT: failpoint },
    });
    children.add(child);
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => lines.push(line));
    return { child, lines };
  };

  /** What has become of every task once a worker died at the point, and another one went on. */
  const outcome = async ({ name, failures }: Failpoint) => {
    const queue = uniqueName('failpoint');
    @TaskQueue(queue)
    class Fragile {
      @Task({ payload: 'unchecked' })
      work(_payload: unknown): void {}
    }
    const app = await startApp({ url, tasks: [Fragile], consume: false });
    const tasks = app.client.of(Fragile);
    const ids = await Promise.all(Array.from({ length: TASKS }, async () => (await tasks.work({ failures })).id));
    const first = startWorker(queue, name);
    const [, signal] = (await bounded('the death', once(first.child, 'exit'), END_MS)) as [unknown, string];
    const second = startWorker(queue, '');
    const runs = (): readonly string[] => [...first.lines, ...second.lines];
    const dead = failures === 2 ? TASKS : 0;
    const wanted = ids.map((id) => `run ${id} ${Math.min(failures + 1, 2)}`);
    const isDone = (): boolean => wanted.every((line) => runs().includes(line));
    await eventually('the last attempt of every task', isDone, (done) => done, END_MS);
    await eventually(
      'every dead letter',
      async () => new Set((await app.deadLetters.list(queue)).map(({ id }) => id)).size,
      (ids) => ids >= dead,
      END_MS,
    );
    await settled(app, queue);
    const letters = await app.deadLetters.list(queue);
    return { signal, ids, runs: runs(), deadIds: letters.map(({ id }) => id) };
  };

  /** Nothing is ready, and nobody holds anything: the second worker would have it. */
  const settled = (app: TaskApp, queue: string) =>
    eventually(
      'an empty queue',
      () => app.broker.queueState(queue),
      (state) => state?.ready === 0,
      END_MS,
    );

  /** All at once: each takes the starts of two processes. */
  const outcomes = new Map<string, ReturnType<typeof outcome>>();

  beforeAll(() => {
    for (const [when, failpoint] of FAILPOINTS) {
      const running = outcome(failpoint);
      running.catch(() => undefined);
      outcomes.set(when, running);
    }
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await stopApps();
  });

  it.each(FAILPOINTS)(
    '%s loses no task, and runs at most one again',
    async (when, { failures }) => {
      const result = await outcomes.get(when);
      if (result === undefined) throw new Error(`nothing was done ${when}`);
      const { signal, ids, runs, deadIds } = result;
      expect(signal).toBe('SIGKILL');
      const attempts = Math.min(failures + 1, 2);
      // Each attempt of each task has run; one of them may have run twice, and the attempt that follows it as well.
      expect(new Set(runs).size).toBe(TASKS * attempts);
      expect(runs.length - new Set(runs).size).toBeLessThanOrEqual(attempts);
      expect(new Set(deadIds)).toEqual(new Set(failures === 2 ? ids : []));
      expect(deadIds.length - new Set(deadIds).size).toBeLessThanOrEqual(1);
    },
    120_000,
  );
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Task, TaskQueue } from '../../src';
import { startApp, stopApps, uniqueName } from '../support/apps';
import { bounded, eventually } from '../support/bounded';
import { sharedBrokers } from '../support/rabbitmq/shared-brokers';

/** The fixture has a heartbeat of 1 s: the broker gives up on it after two to three. */
const BEYOND_HEARTBEATS_MS = 5_000;

describe.each(sharedBrokers())('a process, on RabbitMQ $series,', ({ url }) => {
  const children = new Set<ReturnType<typeof spawn>>();

  const startProcess = (fixture: string, ...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(__dirname, 'fixtures', fixture), url, ...args], {
      // What Node says of an unhandled rejection is part of a test.
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.add(child);
    const lines: string[] = [];
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => lines.push(line));
    const said = (word: string): readonly string[] => lines.filter((line) => line.startsWith(word));
    const says = (word: string, times = 1) =>
      eventually(
        `"${word}" ${times} times`,
        () => lines.filter((line) => line.startsWith(word)),
        (found) => found.length >= times,
        30_000,
      );
    return { child, said, says };
  };
  const startWorker = async (queue: string) => {
    const worker = startProcess('misbehaving-worker.cjs', queue);
    await worker.says('ready');
    return worker;
  };

  const client = async () => {
    const queue = uniqueName('misbehaving');
    @TaskQueue(queue)
    class Misbehaving {
      @Task({ payload: 'unchecked' })
      work(_payload: { readonly does?: string; readonly ms?: number }): void {}
    }
    const app = await startApp({ url, tasks: [Misbehaving], consume: false });
    return { queue, app, tasks: app.client.of(Misbehaving) };
  };

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
    await stopApps();
  });

  it('whose handler blocks the event loop for longer than its heartbeats, does not run the task again and goes on', async () => {
    const { queue, app, tasks } = await client();
    const worker = await startWorker(queue);
    const { id } = await tasks.work({ does: 'block', ms: BEYOND_HEARTBEATS_MS });
    await worker.says(`end ${id}`);
    await worker.says('consumer consuming', 2);
    const next = await tasks.work({});
    await worker.says(`end ${next.id}`);
    expect(worker.said(`run ${id}`)).toEqual([`run ${id} 1 false`]);
    expect([worker.child.exitCode, await app.deadLetters.count(queue)]).toEqual([null, 0]);
  }, 60_000);

  it('that is suspended for longer than its heartbeats settles nothing when it wakes, and goes on', async () => {
    const { queue, app, tasks } = await client();
    const first = await startWorker(queue);
    const { id } = await tasks.work({ does: 'wait', ms: 1_000 });
    await first.says(`run ${id}`);
    first.child.kill('SIGSTOP');
    const second = await startWorker(queue);
    await second.says(`end ${id}`);
    first.child.kill('SIGCONT');
    // Its own run comes to its end as well: it slept through it.
    await first.says(`end ${id}`);
    await first.says('consumer consuming', 2);
    const ended = second.child;
    ended.kill('SIGKILL');
    const next = await tasks.work({});
    await first.says(`end ${next.id}`);
    expect([first.said(`run ${id}`).length, second.said(`run ${id}`)]).toEqual([1, [`run ${id} 1 true`]]);
    expect(await app.deadLetters.count(queue)).toBe(0);
  }, 60_000);

  it('in which a handler leaves a rejection unhandled ends as Node ends it, and another does the task', async () => {
    const { queue, app, tasks } = await client();
    const first = await startWorker(queue);
    const ended = once(first.child, 'exit');
    const { id } = await tasks.work({ does: 'reject aside', ms: 60_000 });
    expect((await bounded('the end of the process', ended, 30_000))[0]).toBe(1);
    const second = await startWorker(queue);
    await second.says(`end ${id}`);
    expect(second.said('run')).toEqual([`run ${id} 1 true`]);
    expect(await app.deadLetters.count(queue)).toBe(0);
  }, 60_000);

  it('that exits as soon as its messages are confirmed has left them all with the broker', async () => {
    const { queue, app } = await client();
    const publisher = startProcess('hasty-publisher.cjs', queue, '200');
    expect((await bounded('its end', once(publisher.child, 'exit'), 30_000))[0]).toBe(0);
    await eventually(
      'every message',
      () => app.broker.countReady(queue),
      (count) => count === 200,
    );
  }, 60_000);

  it('that stops before its messages are confirmed is told of each: those that it takes for sent are there', async () => {
    const { queue, app, tasks } = await client();
    const answers = Array.from({ length: 500 }, () => tasks.work({}));
    const settled = Promise.allSettled(answers);
    await app.stop();
    const kept = (await bounded('every answer', settled)).filter(({ status }) => status === 'fulfilled').length;
    const observer = await startApp({ url });
    await eventually(
      'as many messages as were confirmed',
      () => observer.broker.countReady(queue),
      (count) => count !== undefined && count >= kept && count <= 500,
    );
    for (const answer of await settled) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'CONNECTION_CLOSED' });
    }
  }, 60_000);
});

import 'reflect-metadata';
import { connect } from 'amqplib';
import { createTaskApp, fixed, Task, type TaskContext, TaskQueue } from 'warren';
import type { Target } from '../contenders/contender';
import { ValidatedPayload } from '../contenders/warren-contender';
import { makePayloads } from '../payload';
import type { Figures } from '../results/sample';
import { SETTINGS } from '../settings';
import { deferred } from './deferred';
import type { HopsJob, RetriesJob } from './job';
import { progressTeller } from './progress';
import { startStopwatch, throughput } from './stopwatch';

/** From the first attempt of the first task to the second attempt of the last. */
export async function measureRetries({ target, messages }: RetriesJob): Promise<Figures> {
  const tell = progressTeller(messages);
  const { promise, resolve } = deferred<Figures>();
  let read: ReturnType<typeof startStopwatch> | undefined;
  let succeeded = 0;
  const FailingOnce = retriedTasks(target, (attempt) => {
    read ??= startStopwatch();
    if (attempt === 1) throw new Error('fails once');
    succeeded++;
    tell(succeeded);
    if (succeeded === messages) resolve(throughput(read(), messages));
  });
  const app = await createTaskApp({ url: target.url, tasks: [FailingOnce], logger: false });
  await app.start();
  const figures = await promise;
  await app.stop();
  return figures;
}

/**
 * A delay of one bit is one hop. It is long enough for all to be waiting before the first comes home, so nothing but the
 * broker's own pace bounds how fast they come.
 */
const HOP_DELAY = '16s';

export async function measureHops({ target, messages }: HopsJob): Promise<Figures> {
  const Delayed = retriedTasks(target, () => undefined);
  const worker = await createTaskApp({ url: target.url, tasks: [Delayed], logger: false });
  await worker.start();
  await worker.stop();
  const app = await createTaskApp({ url: target.url, consume: false, logger: false });
  await app.start();
  const task = app.client.of(Delayed).work;
  const payloads = makePayloads(SETTINGS.batch, SETTINGS.payloadBytes);
  for (let sent = 0; sent < messages; sent += SETTINGS.batch) {
    const batch = payloads.slice(0, Math.min(SETTINGS.batch, messages - sent));
    const results = await task.many(batch.map((payload) => ({ payload, delay: HOP_DELAY })));
    for (const result of results) if (!result.ok) throw result.error;
  }
  await app.stop();
  return receiveHops(target, messages);
}

async function receiveHops({ url, queues }: Target, messages: number): Promise<Figures> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const { promise, resolve } = deferred<Figures>();
  let read: ReturnType<typeof startStopwatch> | undefined;
  let received = 0;
  await channel.consume(
    queues[0],
    () => {
      read ??= startStopwatch();
      received++;
      if (received === messages) resolve(throughput(read(), messages));
    },
    { noAck: true },
  );
  const figures = await promise;
  await connection.close();
  return figures;
}

function retriedTasks({ queues: [queue] }: Target, onAttempt: (attempt: number) => void) {
  @TaskQueue(queue, { concurrency: SETTINGS.concurrency, prefetch: SETTINGS.concurrency })
  class BenchTasks {
    @Task({ maxAttempts: 3, backoff: fixed('1s') })
    work(_payload: ValidatedPayload, { attempt }: TaskContext): void {
      onAttempt(attempt);
    }
  }
  return BenchTasks;
}

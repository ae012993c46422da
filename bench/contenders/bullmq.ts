import { type ConnectionOptions, Queue, Worker } from 'bullmq';
import { packageVersion } from '../package-version';
import type { Payload } from '../payload';
import type { Contender, Target } from './contender';

/** Jobs that the documentation removes once they are done are removed, as an acknowledged message is. */
const JOB_OPTIONS = { attempts: 3, removeOnComplete: true } as const;

/** `Queue.add` and a `Worker` as https://docs.bullmq.io shows them. */
export const bullmq: Contender = {
  label: 'BullMQ on Redis',
  version: packageVersion('bullmq'),
  durability: {
    enqueue: 'in the memory of one Redis; on its disk within a second (appendonly, appendfsync everysec)',
    consume: 'removed after the handler; one that throws is retried, three attempts in all, then kept as failed',
  },

  async openSender(target) {
    const queue = new Queue(target.queues[0], { connection: connectionOf(target) });
    await queue.waitUntilReady();
    return {
      send: (payload) => queue.add('work', payload, JOB_OPTIONS),
      sendMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: 'work', data, opts: JOB_OPTIONS }))),
      close: () => queue.close(),
    };
  },

  async openReceiver(target, handler, concurrency) {
    const worker = new Worker<Payload>(target.queues[0], async (job) => handler(job.data), {
      connection: { ...connectionOf(target), maxRetriesPerRequest: null },
      concurrency,
    });
    await worker.waitUntilReady();
    return { close: () => worker.close() };
  },

  async removeQueues(target) {
    const queue = new Queue(target.queues[0], { connection: connectionOf(target) });
    try {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
      await queue.obliterate({ force: true });
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    } finally {
      await queue.close();
    }
  },
};

function connectionOf({ url }: Target): ConnectionOptions & object {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

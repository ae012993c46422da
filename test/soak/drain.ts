import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect, type GetMessage } from 'amqplib';
import { bounded } from '../support/bounded';
import type { TestBroker } from '../support/rabbitmq/broker';
import { type DeadTask, type Leftovers, parseCounts } from './leftovers';
import { indexOf, SOAK_QUEUE } from './task-plan';

/** Names as they stand on the broker; written out, since nothing here should depend on what is being judged. */
const DEAD_QUEUE = `${SOAK_QUEUE}.dead`;
const WAITING_QUEUES = [
  SOAK_QUEUE,
  `${SOAK_QUEUE}.suspects`,
  'warren.delay.unrouted',
  ...Array.from({ length: 31 }, (_, level) => `warren.delay.${String(level).padStart(2, '0')}`),
];
const TIMEOUT_MS = 60_000;
const PAUSE_MS = 1_000;

/**
 * Empties every queue of the soak by plain amqplib, until the broker counts nothing more, and says what stood there.
 *
 * @param patienceMs - how long the broker may hold something back that it counts.
 */
export async function drain(broker: TestBroker, patienceMs: number): Promise<Leftovers> {
  const connection = await connect(broker.url, { timeout: 10_000 });
  connection.on('error', () => {
    // What it broke says so.
  });
  try {
    return await drainThrough(connection, broker, Date.now() + patienceMs);
  } finally {
    await bounded('the end of a connection', connection.close(), 10_000);
  }
}

/** Messages that are ready in a queue. */
export async function countReady(broker: TestBroker, queue: string): Promise<number> {
  const connection = await connect(broker.url, { timeout: 10_000 });
  const channel = await connection.createChannel();
  const { messageCount } = await bounded(`a look at ${queue}`, channel.checkQueue(queue), TIMEOUT_MS);
  await bounded('the end of a connection', connection.close(), 10_000);
  return messageCount;
}

export const countDead = (broker: TestBroker): Promise<number> => countReady(broker, DEAD_QUEUE);

async function drainThrough(connection: ChannelModel, broker: TestBroker, deadline: number): Promise<Leftovers> {
  const channel = await bounded('a channel', connection.createChannel(), TIMEOUT_MS);
  const found = { dead: new Map<number, DeadTask>(), queued: new Set<number>(), foreign: 0 };
  for (;;) {
    for (const queue of WAITING_QUEUES) {
      for await (const message of messagesOf(channel, queue)) {
        const index = indexOf(message.properties.messageId);
        if (index === undefined) found.foreign++;
        else found.queued.add(index);
      }
    }
    for await (const message of messagesOf(channel, DEAD_QUEUE)) {
      const index = indexOf(message.properties.messageId);
      if (index === undefined) found.foreign++;
      else found.dead.set(index, { reason: reasonOf(message), copies: (found.dead.get(index)?.copies ?? 0) + 1 });
    }
    const held = await countHeld(broker);
    if (held.size === 0 || Date.now() > deadline) return { ...found, held };
    await sleep(PAUSE_MS);
  }
}

async function* messagesOf(channel: Channel, queue: string): AsyncGenerator<GetMessage> {
  for (;;) {
    const message = await bounded(`a message of ${queue}`, channel.get(queue, { noAck: true }), TIMEOUT_MS);
    if (message === false) return;
    yield message;
  }
}

/** Warren's own reason, else the broker's. */
function reasonOf({ properties }: GetMessage): string {
  const headers = properties.headers ?? {};
  const [death] = (headers['x-death'] ?? []) as readonly { readonly reason?: unknown }[];
  return String(headers['warren-reason'] ?? death?.reason ?? 'unknown');
}

/**
 * Where the broker counts messages. A quorum queue tells others its counts only every five seconds
 * (`quorum_tick_interval`), so for a while these are the ones from before the drain.
 */
const countHeld = async (broker: TestBroker): Promise<ReadonlyMap<string, number>> =>
  parseCounts(await broker.ctl('list_queues', 'name', 'messages', '--no-table-headers'));

import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect, type GetMessage } from 'amqplib';
import { bounded } from '../support/bounded';
import type { TestBroker } from '../support/rabbitmq/broker';
import { type Leftovers, parseCounts } from './leftovers';
import { indexOf, SOAK_QUEUE } from './task-plan';

/** Names as they stand on the broker; written out, since nothing here should depend on what is being judged. */
const DEAD_QUEUE = `${SOAK_QUEUE}.dead`;
const WAITING_QUEUES = [
  SOAK_QUEUE,
  'warren.delay.unrouted',
  ...Array.from({ length: 31 }, (_, level) => `warren.delay.${String(level).padStart(2, '0')}`),
];
const TIMEOUT_MS = 60_000;
/** The broker's own dead-lettering tries again after three minutes what it could not hand on at once. */
const HELD_TIMEOUT_MS = 200_000;

/** Empties every queue of the soak by plain amqplib and says what stood in it. */
export async function drain(broker: TestBroker): Promise<Leftovers> {
  const connection = await connect(broker.url, { timeout: 10_000 });
  connection.on('error', () => {
    // What it broke says so.
  });
  try {
    return await drainThrough(connection, broker);
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

async function drainThrough(connection: ChannelModel, broker: TestBroker): Promise<Leftovers> {
  const channel = await bounded('a channel', connection.createChannel(), TIMEOUT_MS);
  const dead = new Map<number, { copies: number; reason: string }>();
  const queued = new Set<number>();
  let foreign = 0;
  // Twice, since a message of the ladder may have been between two queues.
  for (let round = 1; round <= 2; round++) {
    for (const queue of WAITING_QUEUES) {
      for await (const message of messagesOf(channel, queue)) {
        const index = indexOf(message.properties.messageId);
        if (index === undefined) foreign++;
        else queued.add(index);
      }
    }
  }
  for await (const message of messagesOf(channel, DEAD_QUEUE)) {
    const index = indexOf(message.properties.messageId);
    if (index === undefined) foreign++;
    else dead.set(index, { reason: reasonOf(message), copies: (dead.get(index)?.copies ?? 0) + 1 });
  }
  return { dead, queued, foreign, held: await countHeld(broker) };
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
 * Where the broker still counts messages after everything was taken out. A quorum queue counts for others only every
 * five seconds (`quorum_tick_interval`), so what it says at first is what stood there before the drain.
 */
async function countHeld(broker: TestBroker): Promise<ReadonlyMap<string, number>> {
  const deadline = Date.now() + HELD_TIMEOUT_MS;
  for (;;) {
    const held = parseCounts(await broker.ctl('list_queues', 'name', 'messages', '--no-table-headers'));
    if (held.size === 0 || Date.now() > deadline) return held;
    await sleep(1_000);
  }
}

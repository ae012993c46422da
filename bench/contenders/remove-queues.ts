import { type Channel, connect } from 'amqplib';

/** Deletes queues of RabbitMQ. A queue that is missing counts as empty. @returns the messages that were left in them. */
export function removeQueues(url: string, queues: readonly string[]): Promise<number> {
  return onChannel(url, async (channel) => {
    let left = 0;
    for (const queue of queues) left += (await channel.deleteQueue(queue)).messageCount;
    return left;
  });
}

export function removeExchange(url: string, exchange: string): Promise<void> {
  return onChannel(url, async (channel) => void (await channel.deleteExchange(exchange)));
}

async function onChannel<T>(url: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

import { connect } from 'amqplib';

/** Deletes queues of RabbitMQ. A queue that is missing counts as empty. @returns the messages that were left in them. */
export async function removeQueues(url: string, queues: readonly string[]): Promise<number> {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    let left = 0;
    for (const queue of queues) left += (await channel.deleteQueue(queue)).messageCount;
    return left;
  } finally {
    await connection.close();
  }
}

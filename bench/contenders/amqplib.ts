import { connect } from 'amqplib';
import { packageVersion } from '../package-version';
import { SETTINGS } from '../settings';
import type { Contender } from './contender';
import { removeQueues } from './remove-queues';

/**
 * A publisher and a consumer as https://amqp-node.github.io/amqplib/channel_api.html shows them. Publishing does not wait
 * for `drain`: the window bounds what is buffered.
 */
export const amqplib: Contender = {
  label: 'amqplib by hand',
  version: packageVersion('amqplib'),
  durability: {
    enqueue: 'persistent, confirmed by a quorum queue; what is unroutable is lost',
    consume: 'acknowledged after the handler; one that throws crashes the process',
  },

  async openSender({ url, queue }) {
    const connection = await connect(url);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    return {
      send: (payload) =>
        new Promise<void>((resolve, reject) => {
          const body = Buffer.from(JSON.stringify(payload));
          const options = { persistent: true, contentType: 'application/json' };
          channel.sendToQueue(queue, body, options, (error: unknown) => (error === null ? resolve() : reject(error)));
        }),
      close: () => connection.close(),
    };
  },

  async openReceiver({ url, queue }, onTask) {
    const connection = await connect(url);
    const channel = await connection.createChannel();
    await channel.prefetch(SETTINGS.prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) return;
      JSON.parse(message.content.toString());
      onTask();
      channel.ack(message);
    });
    return {
      async close() {
        await channel.cancel(consumerTag);
        await channel.close();
        await connection.close();
      },
    };
  },

  removeQueues: ({ url, queue }) => removeQueues(url, [queue]),
};

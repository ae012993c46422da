import { randomUUID } from 'node:crypto';
import { connect, type Options } from 'amqplib';
import { packageVersion } from '../package-version';
import type { Payload } from '../payload';
import type { Contender } from './contender';
import { removeQueues } from './remove-queues';

const PLAIN: Options.Publish = { persistent: true, contentType: 'application/json' };

/**
 * A publisher and a consumer as https://amqp-node.github.io/amqplib/channel_api.html shows them. Publishing does not wait
 * for `drain`: the window bounds what is buffered.
 */
export const amqplib = byHand('amqplib by hand', 'what is unroutable is lost', () => PLAIN);

/** The same by somebody who wants to know a message again, and to be told when nobody gets it. */
export const amqplibDescribed = byHand('amqplib by hand, messages like ours', 'mandatory', () => ({
  // Spelled out, since a spread would cost as much as the message.
  persistent: true,
  contentType: 'application/json',
  mandatory: true,
  type: 'bench.work',
  messageId: randomUUID(),
  appId: 'bench',
  timestamp: Math.floor(Date.now() / 1000),
}));

function byHand(label: string, unroutable: string, optionsOf: () => Options.Publish): Contender {
  return {
    label,
    version: packageVersion('amqplib'),
    durability: {
      enqueue: `persistent, confirmed by a quorum queue; ${unroutable}`,
      consume: 'acknowledged after the handler; one that throws crashes the process',
    },

    async openSender({ url, queues }) {
      const connection = await connect(url);
      const channel = await connection.createConfirmChannel();
      for (const queue of queues) {
        await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      }
      let sent = 0;
      return {
        send: (payload) =>
          new Promise<void>((resolve, reject) => {
            const queue = queues[sent++ % queues.length] ?? queues[0];
            const body = Buffer.from(JSON.stringify(payload));
            channel.sendToQueue(queue, body, optionsOf(), (error: unknown) =>
              error === null ? resolve() : reject(error),
            );
          }),
        close: () => connection.close(),
      };
    },

    async openReceiver({ url, queues }, handler, concurrency) {
      const connection = await connect(url);
      const channel = await connection.createChannel();
      await channel.prefetch(concurrency);
      const consumers = queues.map((queue) =>
        channel.consume(queue, (message) => {
          if (message === null) return;
          const work = handler(JSON.parse(message.content.toString()) as Payload);
          if (work === undefined) channel.ack(message);
          else void work.then(() => channel.ack(message));
        }),
      );
      const tags = (await Promise.all(consumers)).map(({ consumerTag }) => consumerTag);
      return {
        async close() {
          await Promise.all(tags.map((tag) => channel.cancel(tag)));
          await channel.close();
          await connection.close();
        },
      };
    },

    removeQueues: ({ url, queues }) => removeQueues(url, queues),
  };
}

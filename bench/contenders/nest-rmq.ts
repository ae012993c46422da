import 'reflect-metadata';
import { Controller, Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  Ctx,
  EventPattern,
  Payload as MessagePayload,
  type MicroserviceOptions,
  type RmqContext,
  type RmqOptions,
  Transport,
} from '@nestjs/microservices';
import type { Channel, Message } from 'amqplib';
import { lastValueFrom } from 'rxjs';
import { packageVersion } from '../package-version';
import type { Payload } from '../payload';
import type { Contender, Handler, Target } from './contender';
import { removeQueues } from './remove-queues';

const PATTERN = 'work';

/** `emit` and `@EventPattern` as https://docs.nestjs.com/microservices/rabbitmq shows them, with acknowledgements. */
export const nestRmq: Contender = {
  label: "Nest's RMQ transport",
  version: packageVersion('@nestjs/microservices'),
  durability: {
    enqueue: 'persistent, confirmed by a quorum queue; what is unroutable is lost',
    consume: 'acknowledged by the handler; a message whose handler throws stays unacknowledged until its process ends',
  },

  async openSender(target) {
    Logger.overrideLogger(false);
    const client = ClientProxyFactory.create(rmqOptions(target));
    await client.connect();
    return {
      send: (payload) => lastValueFrom(client.emit(PATTERN, payload), { defaultValue: undefined }),
      close: async () => client.close(),
    };
  },

  async openReceiver(target, handler, concurrency) {
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(workerModule(handler), {
      ...rmqOptions(target, concurrency),
      logger: false,
    });
    await app.listen();
    return { close: () => app.close() };
  },

  removeQueues: ({ url, queues }) => removeQueues(url, queues.slice(0, 1)),
};

function rmqOptions({ url, queues }: Target, concurrency?: number): RmqOptions {
  return {
    transport: Transport.RMQ,
    options: {
      urls: [url],
      queue: queues[0],
      queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum' } },
      persistent: true,
      ...(concurrency === undefined ? {} : { noAck: false, prefetchCount: concurrency }),
    },
  };
}

function workerModule(handler: Handler): Type {
  @Controller()
  class WorkController {
    @EventPattern(PATTERN)
    async work(@MessagePayload() payload: Payload, @Ctx() context: RmqContext): Promise<void> {
      await handler(payload);
      const channel = context.getChannelRef() as Channel;
      channel.ack(context.getMessage() as Message);
    }
  }
  @Module({ controllers: [WorkController] })
  class WorkerModule {}
  return WorkerModule;
}

import 'reflect-metadata';
import { AmqpConnection, RabbitMQModule, RabbitSubscribe } from '@golevelup/nestjs-rabbitmq';
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { packageVersion } from '../package-version';
import type { Payload } from '../payload';
import type { Contender, Handler, Target } from './contender';
import { removeExchange, removeQueues } from './remove-queues';

/**
 * A publisher and a `@RabbitSubscribe` handler as https://golevelup.github.io/nestjs/modules/rabbitmq.html shows them:
 * an exchange, a queue that is bound to it, `AmqpConnection.publish`. The queue is declared by the handler's module.
 */
export const golevelup: Contender = {
  label: 'golevelup nestjs-rabbitmq',
  version: packageVersion('@golevelup/nestjs-rabbitmq'),
  durability: {
    enqueue: 'persistent, confirmed by a quorum queue; what is unroutable is lost',
    consume: 'acknowledged after the handler; a message whose handler throws is requeued at once, for ever',
  },

  async openSender(target) {
    const worker = await startNest(subscriberModule(target, () => undefined, 1));
    await worker.close();
    const app = await startNest(publisherModule(target));
    const connection = app.get(AmqpConnection);
    const exchange = exchangeOf(target);
    return {
      send: (payload) => connection.publish(exchange, ROUTING_KEY, payload),
      close: () => app.close(),
    };
  },

  async openReceiver(target, handler, concurrency) {
    const app = await startNest(subscriberModule(target, handler, concurrency));
    return { close: () => app.close() };
  },

  async removeQueues(target) {
    await removeExchange(target.url, exchangeOf(target));
    return removeQueues(target.url, target.queues.slice(0, 1));
  },
};

const ROUTING_KEY = 'work';
const exchangeOf = ({ queues }: Target): string => `${queues[0]}-exchange`;

const startNest = (module: Type) => NestFactory.createApplicationContext(module, { logger: false });

function rabbit(target: Target, prefetchCount: number) {
  return RabbitMQModule.forRoot({
    exchanges: [{ name: exchangeOf(target), type: 'topic' }],
    uri: target.url,
    prefetchCount,
    defaultPublishOptions: { persistent: true },
  });
}

function publisherModule(target: Target): Type {
  @Module({ imports: [rabbit(target, 1)] })
  class PublisherModule {}
  return PublisherModule;
}

function subscriberModule(target: Target, handler: Handler, concurrency: number): Type {
  @Injectable()
  class MessagingService {
    @RabbitSubscribe({
      exchange: exchangeOf(target),
      routingKey: ROUTING_KEY,
      queue: target.queues[0],
      queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum' } },
    })
    async work(payload: Payload): Promise<void> {
      await handler(payload);
    }
  }
  @Module({ imports: [rabbit(target, concurrency)], providers: [MessagingService] })
  class SubscriberModule {}
  return SubscriberModule;
}

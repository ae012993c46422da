import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeClocks } from './clock-suite';
import { describeTasks } from './task-suite';

for (const broker of sharedBrokers()) {
  describeTasks(`RabbitMQ ${broker.version}`, () => broker.url);
  describeClocks(`RabbitMQ ${broker.version}`, () => broker.url);
}

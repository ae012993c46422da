import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeTasks } from './task-suite';

for (const broker of sharedBrokers()) describeTasks(`RabbitMQ ${broker.version}`, () => broker.url);

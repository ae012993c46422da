import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeDeadLetters } from './dead-letters-suite';

for (const broker of sharedBrokers()) describeDeadLetters(`RabbitMQ ${broker.version}`, () => broker.url);

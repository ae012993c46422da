import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeTraces } from './trace-suite';

for (const broker of sharedBrokers()) describeTraces(`RabbitMQ ${broker.version}`, () => broker.url);

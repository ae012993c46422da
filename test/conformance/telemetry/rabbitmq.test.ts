import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeMetrics } from './metrics-suite';
import { describeTraces } from './trace-suite';

for (const broker of sharedBrokers()) {
  describeTraces(`RabbitMQ ${broker.version}`, () => broker.url);
  describeMetrics(`RabbitMQ ${broker.version}`, () => broker.url);
}

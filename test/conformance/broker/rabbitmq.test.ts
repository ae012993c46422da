import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeBroker } from './broker-suite';
import { rabbitmqUnderTest } from './rabbitmq-under-test';

for (const broker of sharedBrokers()) describeBroker(`RabbitMQ ${broker.version}`, () => rabbitmqUnderTest(broker.url));

import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeBroker } from './broker-suite';
import { rabbitmqUnderTest } from './rabbitmq-under-test';

for (const { version, url } of sharedBrokers()) describeBroker(`RabbitMQ ${version}`, () => rabbitmqUnderTest(url));

import { sharedBrokers } from '../../support/rabbitmq/shared-brokers';
import { describeBroker } from './broker-suite';
import { rabbitmqUnderTest } from './rabbitmq-under-test';

for (const { series, version, url } of sharedBrokers()) {
  describeBroker(`RabbitMQ ${version}`, () => rabbitmqUnderTest(url));
  if (series === '4.3')
    describeBroker(`RabbitMQ ${version}, without the fast path`, () => rabbitmqUnderTest(url, false));
}

import { describeAdministration } from './administration-suite';
import type { BrokerUnderTest } from './broker-under-test';
import { describeConsuming } from './consuming-suite';
import { describeDeadLetters } from './dead-letter-suite';
import { describeMessages } from './message-suite';
import { describePriorities } from './priority-suite';
import { describePublishing } from './publishing-suite';
import { describeReading } from './reading-suite';
import { describeReturns } from './return-suite';
import { describeSingleActiveConsumers } from './single-active-suite';
import { SuiteContext } from './suite-context';
import { describeTopology } from './topology-suite';

/** Everything of the `Broker` port that Warren relies on, on whatever broker the factory makes. */
export function describeBroker(name: string, factory: () => Promise<BrokerUnderTest>): void {
  describe(`the broker port on ${name}`, () => {
    const context = new SuiteContext();
    beforeEach(() => context.setUp(factory));
    afterEach(() => context.tearDown());

    describePublishing(context);
    describeMessages(context);
    describeConsuming(context);
    describeReturns(context);
    describeSingleActiveConsumers(context);
    describePriorities(context);
    describeDeadLetters(context);
    describeReading(context);
    describeTopology(context);
    describeAdministration(context);
  });
}

import { randomUUID } from 'node:crypto';
import type { Broker, BrokerEvents } from '../../../src/broker/broker';
import { MemoryServer } from '../../../src/memory/memory-server';
import { systemClock } from '../../../src/time/system-clock';
import { describeBroker } from './broker-suite';
import { type BrokerUnderTest, CAPABILITIES_4_3 } from './broker-under-test';

describeBroker('the embedded broker', async (): Promise<BrokerUnderTest> => {
  const server = new MemoryServer({ clock: systemClock });
  const brokers: Broker[] = [];
  return {
    capabilities: CAPABILITIES_4_3,
    async connect(events?: BrokerEvents): Promise<Broker> {
      const broker = server.connect({ events });
      brokers.push(broker);
      await broker.connect();
      return broker;
    },
    uniqueName: (prefix) => `${prefix}.${randomUUID().slice(0, 8)}`,
    async deleteQueue(name) {
      server.deleteQueue(name);
    },
    async dispose() {
      await Promise.all(brokers.map((broker) => broker.close()));
    },
  };
});

import { randomUUID } from 'node:crypto';
import { type ChannelModel, connect } from 'amqplib';
import { createAmqpBroker } from '../../../src/amqp/amqp-broker';
import type { Broker, BrokerEvents } from '../../../src/broker/broker';
import {
  type BrokerCapabilities,
  type BrokerUnderTest,
  CAPABILITIES_3_10,
  CAPABILITIES_4_0,
  CAPABILITIES_4_3,
} from './broker-under-test';

/** What a RabbitMQ of this version can do. Only versions that the suite was run on are known. */
function capabilitiesOf(version: string): BrokerCapabilities {
  if (version.startsWith('4.3.')) return CAPABILITIES_4_3;
  if (version.startsWith('4.0.')) return CAPABILITIES_4_0;
  if (version.startsWith('3.10.')) return CAPABILITIES_3_10;
  throw new Error(`RabbitMQ ${version}: say in broker-under-test.ts what it can do`);
}

/** RabbitMQ through amqplib, as the suite uses it. Leaves nothing behind on the server. */
export async function rabbitmqUnderTest(url: string, fastPath?: boolean): Promise<BrokerUnderTest> {
  const admin = await connect(url);
  const names: string[] = [];
  const brokers: Broker[] = [];
  return {
    capabilities: capabilitiesOf(String(admin.connection.serverProperties.version)),
    async connect(events: BrokerEvents = {}): Promise<Broker> {
      const broker = createAmqpBroker({ url, events, fastPath });
      brokers.push(broker);
      await broker.connect();
      return broker;
    },
    uniqueName(prefix) {
      const name = `${prefix}.${randomUUID().slice(0, 8)}`;
      names.push(name);
      return name;
    },
    deleteQueue: (name) => removeAll(admin, [name]),
    async dispose() {
      await Promise.all(brokers.map((broker) => broker.close()));
      await removeAll(admin, names);
      await admin.close();
    },
  };
}

/** Deletes the queues and exchanges of these names; deleting what is not there is no error. */
async function removeAll(admin: ChannelModel, names: readonly string[]): Promise<void> {
  const channel = await admin.createChannel();
  for (const name of names) {
    await channel.deleteQueue(name);
    await channel.deleteExchange(name);
  }
  await channel.close();
}

import type { Broker, BrokerEvents, QueueReader } from '../../../src/broker/broker';
import { MemoryServer } from '../../../src/memory/memory-server';
import type { MessageProperties } from '../../../src/message/wire';
import { ManualClock } from '../../../src/time/manual-clock';
import type { Topology } from '../../../src/topology/topology';
import { topology } from '../../conformance/broker/topologies';

/** An embedded broker on a clock that stands still, and one connection to it. */
export class Fixture {
  readonly clock = new ManualClock();
  readonly server = new MemoryServer({ clock: this.clock, name: 'test' });
  readonly #brokers: Broker[] = [];

  async connect(events?: BrokerEvents): Promise<Broker> {
    const broker = this.server.connect({ events });
    this.#brokers.push(broker);
    await broker.connect();
    return broker;
  }

  /** Closes every connection and fails when a timer is left. */
  async close(): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.close()));
    expect(this.clock.pendingTimers).toBe(0);
  }
}

export const declare = (broker: Broker, parts: Partial<Topology>): Promise<void> =>
  broker.applyTopology(topology(parts), 'assert');

export const publish = (
  broker: Broker,
  queue: string,
  body: string | Buffer = '',
  properties: MessageProperties = {},
): Promise<void> => broker.publisher.publish({ exchange: '', routingKey: queue, body: Buffer.from(body), properties });

/** Takes and acknowledges everything that is ready. */
export async function drain(broker: Broker, queue: string): Promise<readonly string[]> {
  const reader: QueueReader = await broker.openReader(queue);
  const bodies: string[] = [];
  for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
    bodies.push(next.body.toString());
    next.ack();
  }
  await reader.close();
  return bodies;
}

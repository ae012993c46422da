import type { Broker } from '../../../src/broker/broker';
import type { MessageProperties } from '../../../src/message/wire';
import type { Arguments, Topology } from '../../../src/topology/topology';
import { bounded, eventually } from '../../support/bounded';
import type { BrokerCapabilities, BrokerUnderTest } from './broker-under-test';
import { consume } from './inbox';
import { quorumQueue, topology } from './topologies';

/** What every test of the suite starts from: a broker of its own, connected, and short words for what tests do. */
export class SuiteContext {
  #under: BrokerUnderTest | undefined;
  #broker: Broker | undefined;

  async setUp(factory: () => Promise<BrokerUnderTest>): Promise<void> {
    this.#under = await factory();
    this.#broker = await this.#under.connect();
  }

  async tearDown(): Promise<void> {
    const under = this.#under;
    this.#under = undefined;
    this.#broker = undefined;
    await under?.dispose();
  }

  get under(): BrokerUnderTest {
    if (this.#under === undefined) throw new Error('the test is not set up');
    return this.#under;
  }

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error('the test is not set up');
    return this.#broker;
  }

  get capabilities(): BrokerCapabilities {
    return this.under.capabilities;
  }

  name(prefix: string): string {
    return this.under.uniqueName(prefix);
  }

  declare(parts: Partial<Topology>): Promise<void> {
    return this.broker.applyTopology(topology(parts), 'assert');
  }

  /** Declares a quorum queue. @returns its name. */
  async queue(args: Arguments = {}): Promise<string> {
    const name = this.name('queue');
    await this.declare({ queues: [quorumQueue(name, args)] });
    return name;
  }

  /** Publishes to an exchange, by default the one that leads to every queue by its name. */
  publish(
    routingKey: string,
    body: string | Buffer = '',
    properties: MessageProperties = {},
    exchange = '',
  ): Promise<void> {
    return bounded(
      'the confirm',
      this.broker.publisher.publish({ exchange, routingKey, body: Buffer.from(body), properties }),
    );
  }

  consume(queue: string, prefetch?: number) {
    return consume(this.broker, queue, prefetch);
  }

  /** A queue's counts lag behind a settlement on a real broker. */
  async readyBecomes(queue: string, count: number): Promise<void> {
    await eventually(
      `${count} ready messages`,
      () => this.broker.countReady(queue),
      (ready) => ready === count,
    );
  }
}

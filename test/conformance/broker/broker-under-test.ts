import type { Broker, BrokerEvents } from '../../../src/broker/broker';

/** What a broker's version lets it do. The suite expects either side, never nothing. */
export interface BrokerCapabilities {
  /**
   * Priorities of quorum queues (https://www.rabbitmq.com/docs/quorum-queues#priorities). `strict`: 32, and 4 where a message
   * names none, since 4.3. `two`: above 4 is high, and two of these go for each other one, 4.0 to 4.2. `none`: the order of
   * arrival, before.
   */
  readonly quorumPriorities: 'strict' | 'two' | 'none';
  /**
   * A message expires at the head of its priority, not only at the head of the queue. Since 4.3.
   */
  readonly expiresPerPriority: boolean;
  /**
   * `basic.nack` with requeue does not count towards `x-delivery-limit`. Since 4.3; before, every return counts
   * (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling).
   */
  readonly requeueIsFree: boolean;
  /** Dead letters carry `x-last-death-*`. Since 3.13. */
  readonly lastDeathHeaders: boolean;
}

/** RabbitMQ 4.3, and the embedded broker, which follows it. */
export const CAPABILITIES_4_3: BrokerCapabilities = {
  quorumPriorities: 'strict',
  expiresPerPriority: true,
  requeueIsFree: true,
  lastDeathHeaders: true,
};

/** RabbitMQ 4.0 to 4.2. */
export const CAPABILITIES_4_0: BrokerCapabilities = {
  quorumPriorities: 'two',
  expiresPerPriority: false,
  requeueIsFree: false,
  lastDeathHeaders: true,
};

/** RabbitMQ 3.10 to 3.12. */
export const CAPABILITIES_3_10: BrokerCapabilities = {
  quorumPriorities: 'none',
  expiresPerPriority: false,
  requeueIsFree: false,
  lastDeathHeaders: false,
};

/** A broker as the suite uses it. */
export interface BrokerUnderTest {
  readonly capabilities: BrokerCapabilities;
  /** A new connection, connected. `dispose` closes it. */
  connect(events?: BrokerEvents): Promise<Broker>;
  /** A name that nothing else has on this broker. What bears it is removed by `dispose`. */
  uniqueName(prefix: string): string;
  /** Deletes a queue behind everybody's back, as an operator may. */
  deleteQueue(name: string): Promise<void>;
  dispose(): Promise<void>;
}

import type { Broker, BrokerEvents } from '../../../src/broker/broker';

/** What a broker's version lets it do. The suite expects either side, never nothing. */
export interface BrokerCapabilities {
  /**
   * Quorum queues have 32 strict priorities, 4 where a message names none. Since RabbitMQ 4.3; 3.10 to 3.13 have none
   * and keep the order of arrival (https://www.rabbitmq.com/docs/quorum-queues#priorities).
   */
  readonly quorumPriorities: boolean;
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
  quorumPriorities: true,
  expiresPerPriority: true,
  requeueIsFree: true,
  lastDeathHeaders: true,
};

/** RabbitMQ 3.10 to 3.12. */
export const CAPABILITIES_3_10: BrokerCapabilities = {
  quorumPriorities: false,
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

/** What brokers differ in, beside their version. */
export interface BrokerCapabilities {
  /** Whether it is a server that operators run: it has a management plugin, limits of its own, and versions that differ. */
  readonly isServer: boolean;
  /** Whether the count of a queue shows at once what was published to it, or given back to it, before. */
  readonly countsAtOnce: boolean;
  /** Whether amqplib is bypassed for speed; `undefined` for a broker that does not use it. */
  readonly fastPath: FastPath | undefined;
}

/** The short way of plain messages past amqplib. Without it everything works, more slowly. */
export interface FastPath {
  readonly on: boolean;
  /** Why it is off, for people. */
  readonly reason: string | undefined;
}

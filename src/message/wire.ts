/** AMQP's basic properties, by the names that amqplib gives them. What a sender left out is `undefined`. */
export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly headers?: MessageHeaders | undefined;
  readonly deliveryMode?: number | undefined;
  readonly priority?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** Milliseconds, as a decimal string. */
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly appId?: string | undefined;
  /** Not AMQP's: headers of an incoming message that could not be read. Absent where all could. */
  readonly unreadable?: readonly UnreadableHeader[] | undefined;
}

/** A header that no client could decode, or one that would have filled the stack. The others of its message were read. */
export interface UnreadableHeader {
  readonly name: string;
  /** What is wrong with it: `it is nested deeper than 64 tables`. */
  readonly problem: string;
}

export type MessageHeaders = Readonly<Record<string, unknown>>;

/** A message to be published. Always persistent and mandatory: the port has no other kind. */
export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: MessageProperties;
}

/** A message as it came. Everything in it may be forged. */
export interface IncomingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: MessageProperties;
  /** Whether the broker delivered it before. */
  readonly redelivered: boolean;
}

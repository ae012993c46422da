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

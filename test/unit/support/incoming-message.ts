import type { IncomingMessage, MessageProperties } from '../../../src/message/wire';

/** A message as a broker hands it over: straight to the queue `emails`, empty, without properties. */
export function incomingMessage(
  properties: MessageProperties = {},
  fields: Partial<IncomingMessage> = {},
): IncomingMessage {
  return { exchange: '', routingKey: 'emails', body: Buffer.from('null'), redelivered: false, ...fields, properties };
}

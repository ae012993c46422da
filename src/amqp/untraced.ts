import type { Channel } from 'amqplib';

/** Calls amqplib so that its instrumentation makes no spans, where Warren makes its own. */
export type Untraced = <T>(act: () => T) => T;

/** Just calls: nobody traces. */
export const call: Untraced = (act) => act();

/**
 * amqplib's own `consume`, without what an instrumentation has wrapped around it: a span for each delivery that Warren has
 * one for already, which nobody would end, since acknowledgements are collected. The wrappers of OpenTelemetry keep what
 * they wrap in `__original`.
 */
export function originalConsume(channel: Channel): Channel['consume'] {
  let consume: unknown = channel.consume;
  while (typeof consume === 'function' && '__original' in consume) consume = consume.__original;
  return (typeof consume === 'function' ? consume.bind(channel) : channel.consume.bind(channel)) as Channel['consume'];
}

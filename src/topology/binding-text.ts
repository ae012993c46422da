import { DELAY_LEVELS } from './ladder';
import type { BindingSpec } from './topology';

const ANY_BITS = '*.'.repeat(DELAY_LEVELS);

/** A binding's ends, for people: `shop → billing`. */
export function describeEnds({ source, destination, destinationType }: BindingSpec): string {
  return `${source} → ${destinationType === 'queue' ? destination : `exchange ${destination}`}`;
}

/** A binding's key, for people: the 31 bits of a delayed message are written `*{31}`. */
export function describeKey({ routingKey }: BindingSpec): string {
  return routingKey.startsWith(ANY_BITS) ? `*{${DELAY_LEVELS}}.${routingKey.slice(ANY_BITS.length)}` : routingKey;
}

/** A binding for people: `shop → billing (order.*)`. */
export function describeBinding(binding: BindingSpec): string {
  return binding.routingKey === '' ? describeEnds(binding) : `${describeEnds(binding)} (${describeKey(binding)})`;
}

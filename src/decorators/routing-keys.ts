import type { OptionReader } from '../options/option-reader';

/** AMQP's short strings. */
const MAX_ROUTING_KEY_BYTES = 255;

/** The routing keys that an option names, one or several, without doubles; `undefined` where it is not given or wrong. */
export function readRoutingKeys(reader: OptionReader, key = 'routingKey'): readonly string[] | undefined {
  const value = reader.value(key);
  if (value === undefined) return undefined;
  const keys: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (keys.every(isRoutingKey)) return Object.freeze([...new Set(keys)]);
  const wrong = keys.find((candidate) => !isRoutingKey(candidate));
  return reader.refuse(key, `a text of at most ${MAX_ROUTING_KEY_BYTES} bytes, or an array of such`, wrong);
}

const isRoutingKey = (value: unknown): value is string =>
  typeof value === 'string' && Buffer.byteLength(value) <= MAX_ROUTING_KEY_BYTES;

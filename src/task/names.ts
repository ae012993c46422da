import { reservedQueueProblem } from './reserved-names';

/** The wire's `type` property is a short string: 255 bytes; half of it leaves room in logs and routing keys. */
export const MAX_TASK_NAME_BYTES = 127;
/** A delayed message's routing key is 62 bytes of bits and dots, then the queue's name; AMQP allows 255. See `topology/ladder`. */
export const MAX_QUEUE_NAME_BYTES = 190;

/** Why a name cannot be used, or `undefined` where it can. */
export function nameProblem(name: unknown, what: string, maxBytes = MAX_TASK_NAME_BYTES): string | undefined {
  if (typeof name !== 'string') return `${what} must be a string, got ${typeof name}`;
  if (name === '') return `${what} must not be empty`;
  const bytes = Buffer.byteLength(name);
  if (bytes > maxBytes) return `${what} may have at most ${maxBytes} bytes, "${name.slice(0, 40)}…" has ${bytes}`;
  // Control characters and spaces would break logs, command lines and routing keys; `*` and `#` are wildcards in topic bindings.
  if (/[\s\p{Cc}*#]/u.test(name))
    return `${what} must not contain spaces, control characters, "*" or "#": ${JSON.stringify(name)}`;
  // UTF-8 has none: another name would arrive.
  if (/\p{Cs}/u.test(name)) return `${what} must not contain lone surrogates: ${JSON.stringify(name)}`;
  return undefined;
}

/** Why a queue cannot have this name, or `undefined` where it can. */
export function queueNameProblem(name: unknown): string | undefined {
  const problem = nameProblem(name, 'a queue name', MAX_QUEUE_NAME_BYTES);
  if (problem !== undefined) return problem;
  return reservedQueueProblem(name as string);
}

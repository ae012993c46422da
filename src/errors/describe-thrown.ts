/** What can be told of a thrown value, whatever it was. */
export interface ThrownDescription {
  /** The class or type: `TypeError`, `string`, `undefined`. */
  readonly name: string;
  /** The message, cut to its budget. */
  readonly message: string;
  /** The value's own `code`, when it is a short string or a number: `ECONNREFUSED`. */
  readonly code?: string;
}

const MAX_NAME_LENGTH = 100;
const MAX_CODE_LENGTH = 60;
const UNREADABLE = '(unreadable)';

/** Cuts a text to at most `maxBytes` UTF-8 bytes without splitting a character. */
export function truncateBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const mark = '…';
  const cut = Buffer.from(text.slice(0, maxBytes)).subarray(0, Math.max(0, maxBytes - Buffer.byteLength(mark)));
  // A split character decodes to U+FFFD at the end; drop it.
  return cut.toString('utf8').replace(/\uFFFD+$/, '') + mark;
}

/**
 * Describes a thrown value without ever throwing: people throw strings, `undefined`, frozen errors, proxies and
 * objects whose getters throw.
 *
 * @param maxBytes - the budget of the message in UTF-8 bytes.
 */
export function describeThrown(thrown: unknown, maxBytes = 1024): ThrownDescription {
  if (thrown === null || (typeof thrown !== 'object' && typeof thrown !== 'function')) {
    return Object.freeze({
      name: thrown === null ? 'null' : typeof thrown,
      message: truncateBytes(String(thrown), maxBytes),
    });
  }
  const name = readString(thrown, 'name', MAX_NAME_LENGTH) ?? constructorName(thrown) ?? 'object';
  const message = readString(thrown, 'message', maxBytes) ?? UNREADABLE;
  const code = readString(thrown, 'code', MAX_CODE_LENGTH);
  return Object.freeze(code === undefined ? { name, message } : { name, message, code });
}

function readString(value: object, key: string, maxBytes: number): string | undefined {
  try {
    const found: unknown = Reflect.get(value, key);
    if (typeof found === 'string') return truncateBytes(found, maxBytes);
    return typeof found === 'number' ? String(found) : undefined;
  } catch {
    return undefined;
  }
}

function constructorName(value: object): string | undefined {
  try {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' ? truncateBytes(name, MAX_NAME_LENGTH) : undefined;
  } catch {
    return undefined;
  }
}

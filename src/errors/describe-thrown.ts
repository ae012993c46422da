/** What can be told of a thrown value, whatever it was. */
export interface ThrownDescription {
  /** The class or type: `TypeError`, `string`, `undefined`. */
  readonly name: string;
  /** The message, cut to its budget. */
  readonly message: string;
  /** The value's own `code`, when it is a short string or a number: `ECONNREFUSED`. */
  readonly code?: string;
  /** Where it was thrown: the lines of its stack, without the message. Of failures of tasks alone. */
  readonly stack?: string;
  /** What led to it, nearest first: its `cause`, the cause of that, and the `errors` of an `AggregateError`. */
  readonly causes?: readonly ErrorCause[];
}

/** One of the errors that led to another. */
export interface ErrorCause {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** Budget of a stack, in bytes. */
export const MAX_STACK_BYTES = 4096;
/** Causes that are described. */
export const MAX_CAUSES = 8;
export const MAX_CAUSE_BYTES = 256;
const MAX_NAME_LENGTH = 100;
const MAX_CODE_LENGTH = 60;
/** Where Warren's own code is. `undefined` in a bundle, which has all code in one place and, as an ES module, no `__dirname`. */
const OWN_CODE = typeof __dirname === 'undefined' ? undefined : /^(.*[\\/])errors$/.exec(__dirname)?.[1];
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

/** Describes why a task failed: as `describeThrown`, with its stack and the chain of its causes. Never throws. */
export function describeFailure(thrown: unknown): ThrownDescription {
  const stack = stackOf(thrown);
  const causes = causesOf(thrown);
  return Object.freeze({
    ...describeThrown(thrown),
    ...(stack === undefined ? {} : { stack }),
    ...(causes.length === 0 ? {} : { causes }),
  });
}

/** Lines that say where. What comes before them is the message, in full, which may be long, and is there already. */
function stackOf(thrown: unknown): string | undefined {
  const stack = property(thrown, 'stack');
  if (typeof stack !== 'string') return undefined;
  // A stack is a text that anybody may have written, of any length.
  const lines = stack
    .slice(0, 16 * MAX_STACK_BYTES)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return lines.length === 0 ? undefined : stackText(framesOfUser(lines.map((line) => line.trim())).join('\n'));
}

/** Without the frames at the end by which Warren and Node called the code that failed; all of them where no other code failed. */
function framesOfUser(frames: readonly string[]): readonly string[] {
  if (OWN_CODE === undefined) return frames;
  const last = frames.findLastIndex((frame) => !frame.includes(OWN_CODE) && !/[( ]node:/.test(frame));
  return last === -1 ? frames : frames.slice(0, last + 1);
}

/** A stack within its budget, as plain lines: JSON makes six bytes of a control character. */
export function stackText(stack: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be found.
  return truncateBytes(stack.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ud800-\udfff]/g, ' '), MAX_STACK_BYTES);
}

/** Breadth first, so that a cause is never lost behind the many errors of another. */
function causesOf(thrown: unknown): readonly ErrorCause[] {
  const seen = new Set<unknown>([thrown]);
  const waiting = [...ledTo(thrown)];
  const causes: ErrorCause[] = [];
  for (let next = waiting.shift(); next !== undefined && causes.length < MAX_CAUSES; next = waiting.shift()) {
    if (seen.has(next.error)) continue;
    seen.add(next.error);
    causes.push(describeThrown(next.error, MAX_CAUSE_BYTES));
    waiting.push(...ledTo(next.error));
  }
  return Object.freeze(causes);
}

function ledTo(thrown: unknown): readonly { readonly error: unknown }[] {
  const cause = property(thrown, 'cause');
  const errors = property(thrown, 'errors');
  const listed: { readonly error: unknown }[] = cause === undefined ? [] : [{ error: cause }];
  try {
    if (Array.isArray(errors))
      for (const error of errors.slice(0, MAX_CAUSES)) listed.push({ error: error as unknown });
  } catch {
    // A proxy of an array may refuse to be read.
  }
  return listed;
}

function property(value: unknown, key: string): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return undefined;
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
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

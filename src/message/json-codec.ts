import { isUtf8 } from 'node:buffer';
import { describeThrown } from '../errors/describe-thrown';
import { type Codec, type CodecFailure, codecFailure, type Decoded, type Encoded } from './codec';
import { DEFAULT_JSON_LIMITS, type JsonLimits, limitText, scanJson } from './json-budget';
import { childPath, ROOT_PATH } from './payload/payload-path';

/** The codec of `application/json`: UTF-8, within the limits, without keys that reach for a prototype. */
export function createJsonCodec(limits: JsonLimits = DEFAULT_JSON_LIMITS): Codec {
  return Object.freeze({
    contentType: 'application/json',
    encode: (value: unknown) => encodeJson(value, limits),
    decode: (body: Buffer) => decodeJson(body, limits),
  });
}

function encodeJson(value: unknown, limits: JsonLimits): Encoded {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (thrown) {
    return explainUnwritable(value, thrown, limits);
  }
  if (text === undefined) return codecFailure('json', `${typeof value} cannot be written as JSON`);
  const body = Buffer.from(text);
  const limit = scanJson(body, limits);
  return limit === undefined ? { ok: true, body } : codecFailure('limit', limit);
}

/** V8's own messages quote keys and constructors; this says the same by path. Runs only after a failure. */
function explainUnwritable(value: unknown, thrown: unknown, limits: JsonLimits): CodecFailure {
  if (thrown instanceof RangeError) return codecFailure('limit', limitText.depth(limits));
  try {
    const found = findUnwritable(value, ROOT_PATH, new Set());
    if (found !== undefined) return codecFailure('json', found.message, found.path);
  } catch {
    // A getter or a proxy throws again, or the search is too deep: the name of what was thrown must do.
  }
  return codecFailure('json', `cannot be written as JSON: a getter or toJSON() threw ${describeThrown(thrown).name}`);
}

interface Unwritable {
  readonly path: string;
  readonly message: string;
}

function findUnwritable(value: unknown, path: string, above: Set<object>): Unwritable | undefined {
  if (typeof value === 'bigint') return { path, message: 'a bigint cannot be written as JSON; send it as a string' };
  if (typeof value !== 'object' || value === null) return undefined;
  if (above.has(value)) return { path, message: 'refers to an object above it; JSON has no circular references' };
  above.add(value);
  for (const [key, child] of Object.entries(value)) {
    const found = findUnwritable(child, childPath(path, key), above);
    if (found !== undefined) return found;
  }
  above.delete(value);
  return undefined;
}

function decodeJson(body: Buffer, limits: JsonLimits): Decoded {
  const limit = scanJson(body, limits);
  if (limit !== undefined) return codecFailure('limit', limit);
  if (!isUtf8(body)) return codecFailure('json', 'is not valid UTF-8');
  const text = body.toString('utf8', startsWithMark(body) ? 3 : 0);
  try {
    const value: unknown = JSON.parse(text);
    if (mayNamePrototype(text)) dropPrototypeKeys(value);
    return { ok: true, value };
  } catch (thrown) {
    // Only a raised maxDepth lets anything through that overflows the stack.
    if (thrown instanceof RangeError) return codecFailure('limit', limitText.depth(limits));
    if (text.trim() === '') return codecFailure('json', 'is empty; expected JSON (null for a task without a payload)');
    return codecFailure('json', `is not valid JSON${positionOf(thrown)}`);
  }
}

/** The byte order mark that some senders put before UTF-8, and `JSON.parse` refuses. */
function startsWithMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

/** Only the position: the rest of the parser's message quotes the body. Anchored, so that no quotation is taken for it. */
function positionOf(thrown: unknown): string {
  const position = /in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(describeThrown(thrown).message)?.[1];
  return position === undefined ? '' : ` (position ${position})`;
}

/** A cheap look at the text, so that nearly no message is walked. A key can also be spelled with \u escapes of ASCII. */
function mayNamePrototype(text: string): boolean {
  return text.includes('__proto__') || text.includes('"constructor"') || text.includes('\\u00');
}

/**
 * `JSON.parse` makes `__proto__` an own key, which sets a prototype as soon as somebody copies the object key by key;
 * `constructor.prototype` does the same to whoever merges deeply. No contract needs them: they are dropped.
 */
function dropPrototypeKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) {
    Reflect.deleteProperty(value, '__proto__');
    if (Object.hasOwn(value, 'constructor') && hasOwnPrototype(Reflect.get(value, 'constructor'))) {
      Reflect.deleteProperty(value, 'constructor');
    }
  }
  for (const child of Object.values(value)) dropPrototypeKeys(child);
}

function hasOwnPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

/** How large a JSON message may be. Checked on the bytes, before anything is decoded, and on what is sent too. */
export interface JsonLimits {
  /**
   * Bytes of the body, at least 1.
   * @defaultValue 1,048,576 (1 MiB)
   */
  readonly maxBodyBytes: number;
  /**
   * Arrays and objects inside each other, at least 1. What recurses over a payload later has a stack that ends.
   * @defaultValue 64
   */
  readonly maxDepth: number;
  /**
   * Object keys in the whole body, at least 0.
   * @defaultValue 10,000
   */
  readonly maxKeys: number;
  /**
   * Values in the whole body, counted as commas and opening brackets, at least 0. One MiB has room for half a million
   * array elements: a body that is cheap to parse and dear to validate.
   * @defaultValue 100,000
   */
  readonly maxValues: number;
}

export const DEFAULT_JSON_LIMITS: JsonLimits = Object.freeze({
  maxBodyBytes: 1_048_576,
  maxDepth: 64,
  maxKeys: 10_000,
  maxValues: 100_000,
});

/** The limits in words: what a message that breaks one is refused with. */
export const limitText = {
  bytes: (bytes: number, limits: JsonLimits): string =>
    `its body has ${bytes} bytes, more than ${limits.maxBodyBytes} (maxBodyBytes)`,
  depth: (limits: JsonLimits): string =>
    `it is nested deeper than ${limits.maxDepth} levels (maxDepth), or refers to itself`,
  keys: (limits: JsonLimits): string => `it has more than ${limits.maxKeys} object keys (maxKeys)`,
  values: (limits: JsonLimits): string => `it has more than ${limits.maxValues} values (maxValues)`,
} as const;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
/** Most strings end within this many bytes; past it, one native search is cheaper than looking at each byte. */
const SHORT_STRING = 32;

/**
 * Says which limit a JSON body breaks, or `undefined`. One pass over the bytes, up to the first breach. It does not
 * validate: what is not JSON is counted all the same, and found out by the parser. Never throws.
 */
export function scanJson(body: Buffer, limits: JsonLimits): string | undefined {
  if (body.length > limits.maxBodyBytes) return limitText.bytes(body.length, limits);
  let depth = 0;
  let keys = 0;
  let values = 0;
  for (let i = 0; i < body.length; i++) {
    switch (body[i]) {
      case QUOTE:
        i = endOfString(body, i + 1);
        break;
      case COLON:
        if (++keys > limits.maxKeys) return limitText.keys(limits);
        break;
      case COMMA:
        if (++values > limits.maxValues) return limitText.values(limits);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > limits.maxDepth) return limitText.depth(limits);
        if (++values > limits.maxValues) return limitText.values(limits);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
  }
  return undefined;
}

/** The index of the quote that ends the string, or the length of a body whose string never ends. */
function endOfString(body: Buffer, start: number): number {
  const near = endByHand(body, start, Math.min(start + SHORT_STRING, body.length));
  if (body[near] === QUOTE || near >= body.length) return near;
  const quote = body.indexOf(QUOTE, near);
  if (quote < 0) return body.length;
  // One native search a string: one for each quote of a string of escaped quotes would cost far more than it saves.
  return isEscaped(body, near, quote) ? endByHand(body, quote + 1, body.length) : quote;
}

/** The index of the ending quote, or where the looking ended: `end`, or one past it after a backslash. */
function endByHand(body: Buffer, start: number, end: number): number {
  let i = start;
  for (; i < end; i++) {
    if (body[i] === QUOTE) return i;
    if (body[i] === BACKSLASH) i++;
  }
  return i;
}

/** Whether an odd run of backslashes stands before the quote. `from` is not itself escaped. */
function isEscaped(body: Buffer, from: number, quote: number): boolean {
  let i = quote;
  while (i > from && body[i - 1] === BACKSLASH) i--;
  return (quote - i) % 2 === 1;
}

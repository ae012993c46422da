import fc from 'fast-check';
import { DEFAULT_JSON_LIMITS, type JsonLimits, scanJson } from '../../../src/message/json-budget';

const SMALL: JsonLimits = { maxBodyBytes: 1_000, maxDepth: 3, maxKeys: 4, maxValues: 10 };
const scan = (text: string, limits = SMALL) => scanJson(Buffer.from(text), limits);

/** The same counts, taken from a parsed value. */
function measure(value: unknown): { depth: number; keys: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, keys: 0 };
  const children = Object.values(value).map(measure);
  return {
    depth: 1 + Math.max(0, ...children.map(({ depth }) => depth)),
    keys: children.reduce((sum, { keys }) => sum + keys, Array.isArray(value) ? 0 : children.length),
  };
}

describe('scanJson', () => {
  it.each([
    ['a scalar', '42'],
    ['nothing', ''],
    ['as many levels as allowed', '[[[]]]'],
    ['levels beside each other', '[[],[[]],[]]'],
    ['as many keys as allowed', '{"a":1,"b":{"c":1,"d":2}}'],
    ['colons in strings', '":::::::"'],
    ['brackets in strings', '"[[[[[[{{{{{"'],
    ['an escaped quote before brackets', String.raw`"\"[[[[[["`],
    ['an escaped backslash at the end of a string', String.raw`["\\",[[]]]`],
    ['brackets after a long string', `["${'x'.repeat(100)}",[[]]]`],
    ['brackets in a long string with escapes', `"${'x'.repeat(40)}\\"${'['.repeat(100)}"`],
    ['commas in strings', `"${','.repeat(100)}"`],
  ])('lets pass %s', (_, text) => {
    expect(scan(text)).toBeUndefined();
  });

  it.each([
    ['more levels', '[[[[]]]]', 'it is nested deeper than 3 levels (maxDepth), or refers to itself'],
    ['levels of objects', '{"a":{"a":{"a":{}}}}', 'it is nested deeper than 3 levels (maxDepth), or refers to itself'],
    [
      'levels behind an escaped backslash',
      String.raw`["\\",[[[]]]]`,
      'it is nested deeper than 3 levels (maxDepth), or refers to itself',
    ],
    [
      'levels behind a long string',
      `["${'x'.repeat(100)}\\\\",[[[]]]]`,
      'it is nested deeper than 3 levels (maxDepth), or refers to itself',
    ],
    ['more keys', '{"a":1,"b":2,"c":3,"d":4,"e":5}', 'it has more than 4 object keys (maxKeys)'],
    ['more values', '[1,2,3,4,5,6,7,8,9,10,11]', 'it has more than 10 values (maxValues)'],
    ['empty arrays', '[[],[],[],[],[],[],[]]', 'it has more than 10 values (maxValues)'],
    ['more bytes', `"${'x'.repeat(999)}"`, 'its body has 1001 bytes, more than 1000 (maxBodyBytes)'],
  ])('refuses %s', (_, text, limit) => {
    expect(scan(text)).toBe(limit);
  });

  it('says the same of any JSON as a walk over its parsed value', () => {
    const depthAndKeys = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 12 }));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), depthAndKeys, fc.boolean(), (value, [maxDepth, maxKeys], spaced) => {
        const found = scan(JSON.stringify(value, null, spaced ? 2 : 0), { ...DEFAULT_JSON_LIMITS, maxDepth, maxKeys });
        const { depth, keys } = measure(value);
        expect(found !== undefined).toBe(depth > maxDepth || keys > maxKeys);
      }),
    );
  });

  it('finds the end of every string', () => {
    const text = fc.array(fc.constantFrom('"', '\\', '[', ':', ',', 'x'.repeat(20), 'é'), { maxLength: 30 });
    fc.assert(
      fc.property(text, (parts) => {
        const limits = { ...DEFAULT_JSON_LIMITS, maxDepth: 2, maxKeys: 1, maxValues: 3 };
        expect(scan(JSON.stringify({ a: [parts.join('')] }), limits)).toBeUndefined();
        expect(scan(JSON.stringify({ a: [parts.join(''), []] }), limits)).toContain('maxDepth');
      }),
    );
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(['string', 'undefined']).toContain(typeof scanJson(Buffer.from(bytes), SMALL));
      }),
    );
  });

  it.each([
    ['10,000 levels', '['.repeat(10_000), 'maxDepth'],
    ['200,000 keys', `{${Array.from({ length: 200_000 }, (_, i) => `"${i}":0`).join()}}`, 'maxBodyBytes'],
    ['10,001 keys', `{${Array.from({ length: 10_001 }, (_, i) => `"${i}":0`).join()}}`, 'maxKeys'],
    ['half a million numbers in 1 MiB', `[${'0,'.repeat(500_000)}0]`, 'maxValues'],
    ['20 MB', 'x'.repeat(20_000_000), 'maxBodyBytes'],
  ])('refuses by default %s', (_, text, limit) => {
    expect(scan(text, DEFAULT_JSON_LIMITS)).toContain(limit);
  });

  it('lets 10,000 keys and 64 levels pass by default', () => {
    expect(
      scan(`{${Array.from({ length: 10_000 }, (_, i) => `"${i}":0`).join()}}`, DEFAULT_JSON_LIMITS),
    ).toBeUndefined();
    expect(scan('['.repeat(64) + ']'.repeat(64), DEFAULT_JSON_LIMITS)).toBeUndefined();
  });
});

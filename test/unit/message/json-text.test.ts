import fc from 'fast-check';
import {
  compactJson,
  hasRoundedInteger,
  jsonText,
  markOf,
  mergeJson,
  parsedJson,
  prettyJson,
  RawJson,
  stringifyRaw,
  withinRange,
} from '../../../src/message/json-text';

/** What JavaScript would write another way, or round. */
const SPECIAL = [
  '9007199254740993',
  '-9007199254740993',
  '1.0',
  '1e2',
  '1E+2',
  '-0',
  '0.1000000000000000055511151231257827',
  '123456789012345678901234567890',
  '1e400',
  '"\\u0041\\/\\ud800"',
  '"é\u2028"',
  'null',
  '{}',
  '[]',
];

const spaces = fc.constantFrom('', ' ', '  ', '\n', '\t', '\r\n  ');
const key = fc.constantFrom('"a"', '"b"', '"a b"', '"\\u0061"', '"{,:}"', '"\\\\"', '"\\""');

/** Texts of JSON with white space anywhere, equal keys, and numbers that JavaScript cannot hold. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...SPECIAL),
    fc
      .array(fc.tuple(key, tie('json'), spaces, spaces), { maxLength: 4 })
      .map((entries) => `{${entries.map(([name, value, a, b]) => `${a}${name}${b}:${a}${value}${b}`).join(',')}}`),
    fc
      .array(fc.tuple(tie('json'), spaces), { maxLength: 4 })
      .map((items) => `[${items.map(([item, a]) => `${a}${item}${a}`).join(',')}]`),
  ),
}));

it('writes the same JSON on one line and on many, with every number and string as it was', () => {
  fc.assert(
    fc.property(json, (text) => {
      const compact = compactJson(text);
      expect(compact).not.toMatch(/\n/);
      expect(JSON.stringify(JSON.parse(compact))).toBe(JSON.stringify(JSON.parse(text)));
      expect(compactJson(prettyJson(text))).toBe(compact);
      expect(compactJson(compact)).toBe(compact);
    }),
  );
});

it('indents as JSON.stringify does', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const plain = JSON.stringify(JSON.parse(text));
      expect(prettyJson(plain)).toBe(JSON.stringify(JSON.parse(plain), null, 2));
    }),
  );
});

it('keeps the original byte for byte where nothing was changed, however it was shown', () => {
  fc.assert(
    fc.property(json, spaces, (text, around) => {
      const original = `${around}${text}${around}`;
      expect(mergeJson(original, `${prettyJson(original)}\n`)).toBe(original);
    }),
  );
});

it('makes the edited JSON of any two texts', () => {
  fc.assert(
    fc.property(json, json, (original, edited) => {
      expect(compactJson(mergeJson(original, edited))).toBe(compactJson(edited));
    }),
  );
});

it.each([
  ['{"orderId":9007199254740993,  "to":"nobody"}', 'nobody', 'eve', '{"orderId":9007199254740993,  "to":"eve"}'],
  ['{"a" : 1.0,\n"b": 1e2, "c":-0}', '1e2', '7', '{"a" : 1.0,\n"b": 7, "c":-0}'],
  ['{"a":"\\u0041", "b":[ 1,2 ]}', '"b"', '"new": true,\n  "b"', '{"a":"\\u0041","new":true, "b":[ 1,2 ]}'],
  ['{ "a": 1.50, "b": 2 , "c" : 3.0 }', /1\.50|3\.0/g, '9', '{ "a": 9, "b": 2 , "c" : 9 }'],
])('puts an edit into %j', (original, from, to, expected) => {
  expect(mergeJson(original, prettyJson(original).replaceAll(from, to))).toBe(expected);
});

it('writes raw JSON within a value', () => {
  const value = { id: 'a', payload: new RawJson('{ "n": 9007199254740993 }'), more: [new RawJson('1.0')] };
  expect(stringifyRaw(value)).toBe('{"id":"a","payload":{"n":9007199254740993},"more":[1.0]}');
  expect(stringifyRaw(value, '  ')).toBe(
    '{\n  "id": "a",\n  "payload": {\n    "n": 9007199254740993\n  },\n  "more": [\n    1.0\n  ]\n}',
  );
});

it('writes raw JSON beside any text, also one that looks like its own mark', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('raw-0', 'raw-raw-0', '"raw-1"', 'r')), (texts) => {
      const value = texts.flatMap((text) => [text, new RawJson('1.0')]);
      expect(stringifyRaw(value)).toBe(`[${texts.flatMap((text) => [JSON.stringify(text), '1.0']).join(',')}]`);
    }),
  );
});

it('takes no body for JSON that is none, or is not UTF-8', () => {
  expect(jsonText(Buffer.from('{"a":1.0}'))).toBe('{"a":1.0}');
  expect(parsedJson(Buffer.from('{"a":1.0}'))).toEqual({ a: 1 });
  for (const body of [
    Buffer.from([0x22, 0xff, 0x22]),
    Buffer.from('nonsense'),
    Buffer.alloc(0),
    Buffer.from('\ufeff\ufeff1'),
  ]) {
    expect([jsonText(body), parsedJson(body)]).toEqual([undefined, undefined]);
  }
});

it('reads past a byte order mark, as the codec does', () => {
  const body = Buffer.from('\ufeff{"a":1.0}');
  expect([jsonText(body), parsedJson(body), markOf(body)]).toEqual(['{"a":1.0}', { a: 1 }, '\ufeff']);
  expect(markOf(Buffer.from('{"a":"\ufeff"}'))).toBe('');
});

it('brings numbers into the range of JavaScript, and leaves everything else as it is', () => {
  expect(withinRange('{"1e400" : "1e400", "a":[1e400,-1E+999 ,1e308], "b":1e-400}')).toBe(
    '{"1e400" : "1e400", "a":[1.7976931348623157e+308,-1.7976931348623157e+308 ,1e308], "b":1e-400}',
  );
  const isInRange = (value: unknown): boolean =>
    typeof value === 'object' && value !== null
      ? Object.values(value).every(isInRange)
      : Math.abs(Number(value)) !== Infinity;
  fc.assert(
    fc.property(json, (text) => {
      const inRange = withinRange(text);
      expect(isInRange(JSON.parse(inRange))).toBe(true);
      expect(inRange.replaceAll('1.7976931348623157e+308', '1e400')).toBe(text);
    }),
  );
});

it.each([
  ['{"orderId":9007199254740993}', true],
  ['[-9007199254740993]', true],
  [`{"n":${'9'.repeat(400)}}`, true],
  ['{"orderId":9007199254740992, "b":-0, "c":10000000000000000}', false],
  ['{"9007199254740993":"9007199254740993"}', false],
  ['{"price":0.1000000000000000055511151231257827, "big":1e400}', false],
])('says whether JavaScript rounds a whole number of %s', (text, expected) => {
  expect(hasRoundedInteger(text)).toBe(expected);
});

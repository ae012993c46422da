import fc from 'fast-check';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import { type Codec, CodecRegistry, type Decoded } from '../../../src/message/codec';
import { DEFAULT_JSON_LIMITS } from '../../../src/message/json-budget';
import { createJsonCodec } from '../../../src/message/json-codec';
import type { MessageProperties } from '../../../src/message/wire';

const codec = createJsonCodec();
const namesNoPrototype = (value: unknown): boolean => !/__proto__|constructor/.test(JSON.stringify(value));
const decode = (body: string | Buffer): Decoded => codec.decode(Buffer.from(body as string));
const problemOf = (result: { ok: boolean; problems?: readonly object[] }) => {
  expect(result.ok).toBe(false);
  expect(result.problems).toHaveLength(1);
  return result.problems?.[0] as { path: string; rule: string; message: string };
};

describe('the JSON codec reads', () => {
  it.each([
    ['null', 'null', null],
    ['a number', '42', 42],
    ['white space around', ' \r\n\t{"a":1}\n', { a: 1 }],
    ['a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['characters of several bytes', '"Zoë 漢 🐇"', 'Zoë 漢 🐇'],
    ['the last of two equal keys', '{"a":1,"a":2}', { a: 2 }],
    ['64 levels', `${'['.repeat(64)}${']'.repeat(64)}`, JSON.parse(`${'['.repeat(64)}${']'.repeat(64)}`)],
  ])('%s', (_, body, value) => {
    expect(decode(body)).toEqual({ ok: true, value });
  });

  it('whatever it wrote', () => {
    fc.assert(
      // Keys that reach for a prototype are dropped: their tests are below.
      fc.property(fc.jsonValue().filter(namesNoPrototype), (value) => {
        const encoded = codec.encode(value);
        if (!encoded.ok) throw new Error('not written');
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(codec.decode(encoded.body)).toEqual({ ok: true, value: expected });
      }),
    );
  });
});

describe('the JSON codec refuses', () => {
  it.each([
    ['an empty body', Buffer.alloc(0), 'json', 'is empty; expected JSON (null for a task without a payload)'],
    ['white space', Buffer.from(' \n '), 'json', 'is empty; expected JSON (null for a task without a payload)'],
    [
      'a byte order mark alone',
      Buffer.from('\ufeff'),
      'json',
      'is empty; expected JSON (null for a task without a payload)',
    ],
    ['Latin-1', Buffer.from('"Zoë"', 'latin1'), 'json', 'is not valid UTF-8'],
    ['UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le'), 'json', 'is not valid UTF-8'],
    ['half a surrogate pair in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'json', 'is not valid UTF-8'],
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'json', 'is not valid UTF-8'],
    [
      '65 levels',
      Buffer.from('['.repeat(65)),
      'limit',
      'it is nested deeper than 64 levels (maxDepth), or refers to itself',
    ],
    [
      '10,000 levels',
      Buffer.from('['.repeat(10_000)),
      'limit',
      'it is nested deeper than 64 levels (maxDepth), or refers to itself',
    ],
  ])('%s', (_, body, rule, message) => {
    expect(problemOf(codec.decode(body))).toEqual({ path: '(payload)', rule, message });
  });

  it.each([
    '{',
    '[',
    '"',
    '"abc',
    '{"a"}',
    '{"a":}',
    "{'a':1}",
    '{a:1}',
    '[1,]',
    '{"a":1,}',
    '[1 2]',
    '01',
    '+1',
    '.5',
    '1.',
    '0x1f',
    'NaN',
    'Infinity',
    '-Infinity',
    'undefined',
    'True',
    'nul',
    '{"a":1}}',
    '{"a":1}x',
    '// x\n1',
    '/* x */1',
    '"\n"',
    '"\t"',
    String.raw`"\x41"`,
    String.raw`"\u12"`,
    '\u00a01',
    '--1',
    '1e',
    '<xml/>',
    'a=1&b=2',
    '\0',
  ])('what is no JSON: %j', (body) => {
    const { rule, message } = problemOf(decode(body));
    expect(rule).toBe('json');
    expect(message).toMatch(/^is not valid JSON(?: \(position \d+\))?$/);
  });

  it('without a word of the body, and says where', () => {
    const { message } = problemOf(decode('{"password": "hunter2" oops at position 4711'));
    expect(message).toMatch(/^is not valid JSON \(position \d\d\)$/);
    expect(problemOf(decode('hunter2secret at position 4711')).message).not.toMatch(/hunter2|4711/);
  });

  it('levels that only a raised limit lets through, and that overflow the stack', () => {
    const deep = createJsonCodec({ ...DEFAULT_JSON_LIMITS, maxDepth: 1_000_000, maxValues: 1_000_000 });
    const levels = 200_000;
    const body = `{"__proto__":${'['.repeat(levels)}${']'.repeat(levels)}, "b": ${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(problemOf(deep.decode(Buffer.from(body))).rule).toBe('limit');
  });

  it('no byte string with anything but a problem', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const result = codec.decode(Buffer.from(bytes));
        expect(result.ok || result.problems.length === 1).toBe(true);
      }),
    );
  });

  it('no mutilated JSON with anything but a problem', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat(255), (json, at, byte) => {
        const body = Buffer.from(json);
        body[at % body.length] = byte;
        const result = codec.decode(body);
        expect(result.ok || result.problems.length === 1).toBe(true);
      }),
    );
  });
});

describe('prototypes', () => {
  /** Thirty ways to spell a key that some library takes for more than a key. */
  const KEYS = [
    '"__proto__"',
    String.raw`"\u005f_proto__"`,
    String.raw`"_\u005fproto__"`,
    String.raw`"\u005F\u005Fproto\u005F\u005F"`,
    String.raw`"__\u0070roto__"`,
    String.raw`"__p\u0072oto__"`,
    String.raw`"__pr\u006fto__"`,
    String.raw`"__pro\u0074o__"`,
    String.raw`"__prot\u006F__"`,
    String.raw`"__proto\u005f_"`,
    String.raw`"__proto_\u005f"`,
    '"constructor"',
    String.raw`"\u0063onstructor"`,
    String.raw`"c\u006fnstructor"`,
    String.raw`"constructo\u0072"`,
    '"prototype"',
    '"toString"',
    '"valueOf"',
    '"hasOwnProperty"',
    '"isPrototypeOf"',
    '"propertyIsEnumerable"',
    '"toLocaleString"',
    '"__defineGetter__"',
    '"__defineSetter__"',
    '"__lookupGetter__"',
    '"__lookupSetter__"',
    '"then"',
    '"toJSON"',
    '"length"',
    '"__proto__ "',
  ];
  const POISON = '{"x":1,"isAdmin":true,"prototype":{"x":1}}';

  it.each(KEYS.flatMap((key) => [1, 2, 3].map((depth) => [key, depth] as const)))(
    'stay clean of the key %s at depth %d',
    (key, depth) => {
      const inner = `{${key}:${POISON},"kept":1}`;
      const body = depth === 1 ? inner : depth === 2 ? `{"a":${inner}}` : `{"a":[{"b":${inner}}]}`;
      const result = decode(body);
      expect(result.ok).toBe(true);
      const copy = Object.assign({} as Record<string, unknown>, innermost(result.ok ? result.value : undefined));
      expect(copy['kept']).toBe(1);
      expect(copy['x']).toBeUndefined();
      expect(copy['isAdmin']).toBeUndefined();
      expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    },
  );

  const innermost = (value: unknown): object => {
    const { a, b } = value as { a?: unknown; b?: unknown };
    if (Array.isArray(a)) return innermost(a[0]);
    return a !== undefined || b !== undefined ? innermost(a ?? b) : (value as object);
  };

  it('lose constructor only where it reaches for a prototype', () => {
    const body =
      '{"constructor":{"prototype":{"x":1}},"a":{"constructor":"Lotus","year":{"constructor":{"name":"x"}}}}';
    expect(decode(body)).toEqual({
      ok: true,
      value: { a: { constructor: 'Lotus', year: { constructor: { name: 'x' } } } },
    });
  });

  it('are not looked for in strings', () => {
    expect(decode('["__proto__", "\\u005f_proto__"]')).toEqual({ ok: true, value: ['__proto__', '__proto__'] });
  });
});

describe('the JSON codec does not write', () => {
  const circle: Record<string, unknown> = { a: { b: [] } };
  (circle['a'] as { b: unknown[] }).b.push(circle);

  it.each([
    ['a bigint', { a: [{ b: 1n }] }, 'a[0].b', 'json', 'a bigint cannot be written as JSON; send it as a string'],
    ['a circle', circle, 'a.b[0]', 'json', 'refers to an object above it; JSON has no circular references'],
    ['undefined', undefined, '(payload)', 'json', 'undefined cannot be written as JSON'],
    ['a function', () => 'hunter2', '(payload)', 'json', 'function cannot be written as JSON'],
    ['a symbol', Symbol('hunter2'), '(payload)', 'json', 'symbol cannot be written as JSON'],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new TypeError('hunter2');
        },
      },
      '(payload)',
      'json',
      'cannot be written as JSON: a getter or toJSON() threw TypeError',
    ],
    [
      'a getter that throws',
      {
        get a() {
          throw 'hunter2';
        },
      },
      '(payload)',
      'json',
      'cannot be written as JSON: a getter or toJSON() threw string',
    ],
    [
      'more bytes than it reads',
      'x'.repeat(1_048_575),
      '(payload)',
      'limit',
      'its body has 1048577 bytes, more than 1048576 (maxBodyBytes)',
    ],
  ])('%s', (_, value, path, rule, message) => {
    expect(problemOf(codec.encode(value))).toEqual({ path, rule, message });
  });

  it.each([65, 10_000, 200_000])('%d levels', (levels) => {
    let value: unknown = [];
    for (let i = 1; i < levels; i++) value = [value];
    expect(problemOf(codec.encode(value)).rule).toBe('limit');
  });

  it('more keys than it reads', () => {
    const wide = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, i]));
    expect(problemOf(codec.encode(wide)).message).toBe('it has more than 10000 object keys (maxKeys)');
  });
});

describe('codecs', () => {
  const codecs = new CodecRegistry([codec]);
  const read = (properties: MessageProperties, body = '{"a":1}') =>
    codecs.decode({ body: Buffer.from(body), properties });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['application/json', undefined],
    ['Application/JSON', undefined],
    ['application/json; charset=utf-8', undefined],
    ['application/json;charset="UTF-8"', undefined],
    [' application/json ; CHARSET=utf8 ; v=1', undefined],
    ['application/json; charset=us-ascii', undefined],
    ['application/vnd.shop.order+json', undefined],
    ['application/vnd.shop.order+json; charset=UTF-8', undefined],
    ['text/json', undefined],
    ['text/json; charset=utf-8', undefined],
    ['application/x-json', undefined],
    // What Ruby's bunny and PHP's amqp extension name by default.
    ['application/octet-stream', undefined],
    ['Application/Octet-Stream', undefined],
    ['text/plain', undefined],
    ['text/plain; charset=utf-8', undefined],
    [' ; charset=utf-8', undefined],
    ['application/json', 'utf-8'],
    ['application/json', 'UTF8'],
    ['application/json', 'identity'],
    [undefined, ''],
  ])('read content type %j with encoding %j', (contentType, contentEncoding) => {
    expect(read({ contentType, contentEncoding })).toEqual({ ok: true, value: { a: 1 } });
  });

  it.each([
    ['text/plain; charset=iso-8859-1', undefined, 'contentType'],
    ['application/octet-stream', 'gzip', 'encoding'],
    ['application/json', 'br', 'encoding'],
    ['application/json', 'x-unknown', 'encoding'],
    ['text/xml', undefined, 'contentType'],
    ['application/x-python-serialize', undefined, 'contentType'],
    ['application/json; charset=utf-16', undefined, 'contentType'],
    ['application/json; charset=iso-8859-1', undefined, 'contentType'],
    ['application/jsonp', undefined, 'contentType'],
    ['text/html+json', undefined, 'contentType'],
    ['__proto__', undefined, 'contentType'],
    ['application/json', 'gzip', 'encoding'],
    ['application/json', 'base64', 'encoding'],
    [undefined, 'deflate', 'encoding'],
  ])('refuse content type %j with encoding %j', (contentType, contentEncoding, rule) => {
    expect(problemOf(read({ contentType, contentEncoding })).rule).toBe(rule);
  });

  it.each(['application/octet-stream', 'text/plain', undefined])(
    'take a body of content type %j for JSON',
    (contentType) => {
      expect(problemOf(read({ contentType }, 'hello')).rule).toBe('json');
      expect(read({ contentType }, '\ufeff{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
    },
  );

  it('read one byte order mark before a body, and no second one', () => {
    expect(read({}, '\ufeff{"a":"\ufeff"}')).toEqual({ ok: true, value: { a: '\ufeff' } });
    expect(problemOf(read({}, '\ufeff\ufeff{"a":1}')).rule).toBe('json');
  });

  it('say what came and what was expected', () => {
    expect(problemOf(read({ contentType: 'text/\u001b[31mplain' })).message).toBe(
      String.raw`content type "text/\u001b[31mplain" is not supported; expected application/json in UTF-8`,
    );
    expect(problemOf(read({ contentType: 'x'.repeat(5_000) })).message.length).toBeLessThan(200);
  });

  it.each([5, null, {}, true])('refuse properties of a wrong type: %j', (forged) => {
    expect(problemOf(read({ contentType: forged as unknown as string })).rule).toBe('contentType');
    expect(problemOf(read({ contentEncoding: forged as unknown as string })).rule).toBe('encoding');
  });

  it('survive a codec that throws', () => {
    const broken: Codec = {
      contentType: 'application/Broken',
      encode: () => {
        throw new RangeError('hunter2');
      },
      decode: () => {
        throw 'hunter2';
      },
    };
    const registry = new CodecRegistry([broken, codec]);
    const message = { body: Buffer.from('1'), properties: {} };
    expect(problemOf(registry.decode(message)).message).toBe('the codec of "application/Broken" threw string');
    expect(problemOf(registry.encode(1)).message).toBe('the codec of "application/Broken" threw RangeError');
    expect(registry.decode({ body: Buffer.from('1'), properties: { contentType: 'application/json' } }).ok).toBe(true);
  });

  it('write with the first, and say its content type', () => {
    expect(codecs.contentType).toBe('application/json');
    expect(codecs.encode({ a: 1 })).toEqual({ ok: true, body: Buffer.from('{"a":1}') });
  });

  it('must be there, each content type once', () => {
    expect(() => new CodecRegistry([])).toThrow(ConfigurationError);
    expect(() => new CodecRegistry([codec, { ...codec, contentType: 'application/JSON' }])).toThrow(
      'two codecs have the content type "application/json"',
    );
  });
});

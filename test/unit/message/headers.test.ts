import fc from 'fast-check';
import {
  headerOf,
  headerProblems,
  integerHeader,
  isUserHeader,
  leftOutText,
  MAX_USER_HEADER_BYTES,
  readLeftOut,
  textHeader,
  userHeaders,
} from '../../../src/message/headers';
import { encodeProperties, throughTheWire } from '../support/amqp-codec';
import { headerTables } from '../support/header-tables';

const nested = (depth: number): unknown => (depth === 0 ? 'core' : { inner: nested(depth - 1) });

function circular(): Record<string, unknown> {
  const table: Record<string, unknown> = {};
  table['self'] = table;
  return table;
}

describe('isUserHeader', () => {
  it.each([
    'CC',
    'BCC',
    'cc',
    'Bcc',
    'x-death',
    'x-first-death-queue',
    'x-last-death-reason',
    'x-delivery-count',
    'x-acquired-count',
    'x-delay',
    'x-opt-enqueue-time',
    'x-stream-offset',
    '__proto__',
    'warren-attempt',
    'warren-anything',
    '',
    'é'.repeat(128),
    'bad \ufffd',
    'lone \ud83d',
  ])('keeps %p for the broker or for Warren', (name) => {
    expect(isUserHeader(name)).toBe(false);
  });

  it.each(['tenant', 'traceparent', 'x-request-id', 'constructor', 'account', 'CCC', 'warren', 'é'.repeat(127)])(
    'leaves %p to the user',
    (name) => {
      expect(isUserHeader(name)).toBe(true);
    },
  );
});

describe('reading one header', () => {
  const headers = { attempt: 3, text: 'abc', huge: 'x'.repeat(256) };
  const polluted = Object.setPrototypeOf({ own: 1 }, { attempt: 3 }) as Record<string, unknown>;

  it.each<[unknown, number | undefined]>([
    [3, 3],
    [1, 1],
    [10, 10],
    [0, undefined],
    [11, undefined],
    [-1, undefined],
    [1.5, undefined],
    [1e308, undefined],
    [Number.NaN, undefined],
    ['3', undefined],
    ['NaN', undefined],
    [null, undefined],
    [true, undefined],
    [[3], undefined],
    [{ '!': 'int', value: 3 }, undefined],
  ])('takes %p from 1 to 10 for the whole number %s', (value, expected) => {
    expect(integerHeader({ n: value }, 'n', 1, 10)).toBe(expected);
  });

  it('takes short texts only', () => {
    expect([
      textHeader(headers, 'text'),
      textHeader(headers, 'huge'),
      textHeader(headers, 'huge', 256)?.length,
    ]).toEqual(['abc', undefined, 256]);
    expect([textHeader(headers, 'attempt'), textHeader(headers, 'missing'), textHeader(undefined, 'text')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('never takes an inherited one: amqplib makes a header named __proto__ the prototype', () => {
    expect([polluted['attempt'], headerOf(polluted, 'attempt'), integerHeader(polluted, 'attempt', 1, 10)]).toEqual([
      3,
      undefined,
      undefined,
    ]);
    expect(headerOf({}, 'toString')).toBeUndefined();
  });
});

describe('userHeaders', () => {
  it('keeps what is the user’s, as it came', () => {
    const headers = {
      tenant: 'ada',
      count: 3,
      ratio: 0.5,
      urgent: true,
      nothing: null,
      bytes: Buffer.from('hi'),
      list: [1, 'two', [3]],
      table: { a: { b: 1 } },
      at: { '!': 'timestamp', value: 1_700_000_000 },
      price: { '!': 'decimal', value: { places: 2, digits: 999 } },
    };
    expect(userHeaders({ ...headers, CC: ['victim'], 'x-death': [{}], 'warren-attempt': -1 })).toEqual(headers);
    expect(throughTheWire(userHeaders(headers))).toEqual(headers);
  });

  it('has no prototype, and takes none over', () => {
    const forged = JSON.parse('{"__proto__":{"isAdmin":true},"table":{"__proto__":{"isAdmin":true},"ok":1}}') as Record<
      string,
      unknown
    >;
    const kept = userHeaders(forged);
    expect(Object.getPrototypeOf(kept)).toBeNull();
    expect(kept).toEqual({ table: { ok: 1 } });
    expect((kept['table'] as Record<string, unknown>)['isAdmin']).toBeUndefined();
    expect(userHeaders(Object.setPrototypeOf({ a: 1 }, { isAdmin: true }) as Record<string, unknown>)).toEqual({
      a: 1,
    });
    expect(userHeaders(undefined)).toEqual({});
  });

  it.each<[string, unknown]>([
    ['a type of amqplib’s that is none', { '!': 'uint128', value: 1 }],
    ['a byte that is none', { '!': 'byte', value: 128 }],
    ['a short that is none', { '!': 'short', value: 40_000 }],
    ['an int that is none', { '!': 'int', value: 2 ** 31 }],
    ['a long that is none', { '!': 'long', value: 1e300 }],
    ['a timestamp before 1970', { '!': 'timestamp', value: -1 }],
    ['a timestamp of all ones', { '!': 'timestamp', value: 2 ** 64 }],
    ['a timestamp that is a text', { '!': 'timestamp', value: '0' }],
    ['a decimal that is a number', { '!': 'decimal', value: 1.5 }],
    ['a decimal with too many places', { '!': 'decimal', value: { places: 256, digits: 1 } }],
    ['a decimal with too many digits', { '!': 'decimal', value: { places: 1, digits: 2 ** 32 } }],
    ['an invalid date', new Date(Number.NaN)],
    ['NaN', Number.NaN],
    ['a function', () => 1],
    ['a bigint', 1n],
  ])('drops %s', (_label, value) => {
    expect(userHeaders({ value, nested: { value } })).toEqual({ nested: {} });
  });

  it.each([2 ** 51 + 0.5, -1e300, 1e300, 2 ** 63, -(2 ** 63), Number.MAX_SAFE_INTEGER, -0.1])(
    'keeps the number %s through the wire',
    (value) => {
      expect(throughTheWire(userHeaders({ value }))).toEqual({ value });
    },
  );

  it('cuts off what is nested deeper than 64 tables', () => {
    expect(userHeaders({ deep: nested(64) })).toEqual({ deep: nested(64) });
    expect(JSON.stringify(userHeaders({ deep: nested(5_000) }))).not.toContain('core');
    expect(() => userHeaders({ deep: circular() })).not.toThrow();
  });

  it('leaves out what does not fit the budget, counted in bytes, keeps what does, and names the rest', () => {
    const entry = 'é'.repeat(2_500);
    const leftOut = new Set<string>();
    const kept = userHeaders({ a: entry, huge: 'x'.repeat(20_000), b: entry, c: entry, d: entry, small: 1 }, leftOut);
    expect(Object.keys(kept)).toEqual(['a', 'b', 'c', 'small']);
    expect([...leftOut]).toEqual(['huge', 'd']);
    const manyNames = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`${'é'.repeat(60)}${i}`, true]));
    expect(encodeProperties({ headers: userHeaders(manyNames) }).length).toBeLessThan(MAX_USER_HEADER_BYTES + 200);
  });

  it('gives, of any table whatever, what amqplib can encode, within the budget', () => {
    fc.assert(
      fc.property(headerTables, (headers) => {
        const kept = userHeaders(headers);
        expect(encodeProperties({ headers: kept }).length).toBeLessThan(MAX_USER_HEADER_BYTES + 200);
        expect(Object.keys(kept).filter((name) => !isUserHeader(name))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the names of what is left out', () => {
  it('are JSON text within its budget, and are read again', () => {
    const names = Array.from({ length: 500 }, (_, i) => `${'é'.repeat(100)}${i}`);
    const text = leftOutText(names) ?? '';
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_024);
    const read = readLeftOut({ 'warren-headers-left-out': text });
    expect(read.length).toBeGreaterThan(3);
    expect(leftOutText([])).toBeUndefined();
    expect(leftOutText(['a', 'b'])).toBe('["a","b"]');
  });

  it.each([undefined, 5, 'no JSON', '{}', '[1]', 'x'.repeat(5_000)])('are none in %p', (value) => {
    expect(readLeftOut({ 'warren-headers-left-out': value })).toEqual([]);
  });
});

describe('headerProblems', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    ['nothing to say', { tenant: 'ada', at: new Date(0), list: [1, null] }, []],
    ['a reserved name', { CC: 'x' }, ['header "CC" is reserved']],
    ['a value of no AMQP type', { tenant: undefined, ok: 1 }, ['header "tenant" must be a string']],
    ['every mistake', { 'warren-x': 1, nan: Number.NaN }, ['header "warren-x" is reserved', 'header "nan" must be']],
    ['too many bytes', { big: 'x'.repeat(20_000) }, ['headers have about 20009 bytes, at most 16384 are allowed']],
    ['a table that holds itself', { loop: circular() }, ['header "loop" must be']],
    ['what is nested too deep', { deep: nested(65) }, ['header "deep" must be']],
    ['a value of no AMQP type in a table', { ok: { a: 1 }, t: { a: [undefined] } }, ['header "t" must be']],
    ['a lone surrogate in a name', { 'a\ud83d': 1 }, ['the header name "a\\ud83d" must be']],
    ['a lone surrogate in a value', { a: '\udc00' }, ['header "a" must be a string without lone surrogates']],
    ['a lone surrogate in a table’s name', { a: { '\udc00': 1 } }, ['header "a" must be']],
    ['a lone surrogate in an array', { a: ['\udc00'] }, ['header "a" must be']],
    ['a float that is infinite in 32 bits', { a: { '!': 'float', value: 1e300 } }, ['header "a" must be']],
    ['a name that is too long', { ['é'.repeat(128)]: 1 }, ['the header name']],
  ])('finds %s', (_label, headers, problems) => {
    expect(headerProblems(headers)).toEqual(problems.map((problem) => expect.stringContaining(problem)));
  });

  it('lets all headers travel that it has nothing to say of', () => {
    fc.assert(
      fc.property(headerTables, (headers) => {
        if (headerProblems(headers).length === 0)
          expect(Object.keys(userHeaders(headers))).toEqual(Object.keys(headers));
      }),
    );
  });
});

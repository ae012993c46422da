import fc from 'fast-check';
import { readHeaders } from '../../../../src/amqp/connect/field-table';
import { plainHeaders, userHeaders } from '../../../../src/message/headers';
import { nestedTables, type RawField, rawTable, withLength } from '../../../support/raw-messages';
import { encodeTable, throughTheWire } from '../../support/amqp-codec';
import { headerTables } from '../../support/header-tables';

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');

/** The headers of a message, read from the bytes of its table. */
const read = (...fields: readonly RawField[]) => readHeaders(rawTable(...fields).subarray(4));

/** A header as it goes out again in a copy: the letter of its type, and its bytes. */
function copied(field: RawField): Buffer {
  return encodeTable(userHeaders(read(field).headers));
}

const KINDS: readonly [kind: string, tag: string, bytes: string, handlerSees: unknown][] = [
  ['a signed byte', 'b', 'fb', -5],
  ['an unsigned byte', 'B', 'fb', 251],
  ['a small unsigned byte', 'B', '05', 5],
  ['a short that fits a byte', 's', 'fffb', -5],
  ['a short', 's', '7fff', 32_767],
  ['an unsigned short', 'u', 'fffb', 65_531],
  ['an int that fits a byte', 'I', '00000005', 5],
  ['an int', 'I', '80000000', -(2 ** 31)],
  ['an unsigned int', 'i', 'ffffffff', 2 ** 32 - 1],
  ['a long that fits a byte', 'l', '0000000000000005', 5],
  ['a long', 'l', '001fffffffffffff', 2 ** 53 - 1],
  ['a long beyond 2^53', 'l', '0020000000000001', { '!': 'long', value: '9007199254740993' }],
  ['the least long', 'l', '8000000000000000', { '!': 'long', value: '-9223372036854775808' }],
  ['a float', 'f', '3dcccccd', Math.fround(0.1)],
  ['a whole float', 'f', '40000000', 2],
  ['a double', 'd', '3fb999999999999a', 0.1],
  ['a whole double', 'd', '4000000000000000', 2],
  ['a double of 2^50 and a half', 'd', '4310000000000002', 2 ** 50 + 0.5],
  ['a negative zero', 'd', '8000000000000000', -0],
  ['a very negative double', 'd', 'fe37e43c8800759c', -1e300],
  ['a decimal', 'D', '02000003e7', { '!': 'decimal', value: { places: 2, digits: 999 } }],
  ['a time', 'T', '0000000065f00000', { '!': 'timestamp', value: 0x65f00000 }],
  ['a time of all ones', 'T', 'ffffffffffffffff', { '!': 'timestamp', value: '18446744073709551615' }],
  ['bytes', 'x', '00000003ff0001', hex('ff0001')],
  ['a text', 'S', '000000026869', 'hi'],
  ['nothing', 'V', '', null],
  ['a truth', 't', '01', true],
];

describe('a value of another client’s', () => {
  it.each(KINDS)('%s is what it was for the handler', (_kind, tag, bytes, expected) => {
    const { headers, unreadable } = read(['v', tag, hex(bytes)]);
    expect(unreadable).toBeUndefined();
    expect(plainHeaders(headers)['v']).toEqual(expected);
  });

  it.each(KINDS)('%s keeps its type and its bytes in a copy', (_kind, tag, bytes) => {
    const field: RawField = ['v', tag, hex(bytes)];
    expect(copied(field)).toEqual(rawTable(field));
    const table: RawField = ['t', 'F', rawTable(field)];
    expect(copied(table)).toEqual(rawTable(table));
    const array: RawField = ['a', 'A', withLength(Buffer.concat([Buffer.from(tag), hex(bytes)]))];
    expect(copied(array)).toEqual(rawTable(array));
  });

  it('can be printed as JSON, whatever its type', () => {
    for (const [, tag, bytes] of KINDS) {
      const { headers } = read(['v', tag, hex(bytes)]);
      expect(() => JSON.stringify([headers, plainHeaders(headers)])).not.toThrow();
    }
  });

  it('stays bytes where a text is no UTF-8', () => {
    const field: RawField = ['v', 'S', withLength(hex('ff00'))];
    expect(read(field).headers).toEqual({ v: hex('ff00') });
    expect(copied(field)).toEqual(rawTable(['v', 'x', withLength(hex('ff00'))]));
    expect(read(['v', 'S', withLength('\ufffd')]).headers).toEqual({ v: '\ufffd' });
  });
});

describe('what a copy cannot carry', () => {
  it.each<[string, RawField, unknown]>([
    [
      'a table with a field named "!", which amqplib takes for a type',
      ['v', 'F', rawTable(['!', 'S', withLength('long')], ['value', 'b', hex('05')])],
      { '!': 'long', value: 5 },
    ],
    [
      'an unsigned long that no type of amqplib’s holds',
      ['v', 'L', hex('ffffffffffffffff')],
      { '!': 'uint64', value: '18446744073709551615' },
    ],
  ])('is %s: the handler sees it, and the copy names it', (_label, field, expected) => {
    const { headers } = read(field, ['ok', 'b', hex('01')]);
    const leftOut = new Set<string>();
    expect(plainHeaders(headers)).toEqual({ v: expected, ok: 1 });
    expect(userHeaders(headers, leftOut)).toEqual({ ok: 1 });
    expect([...leftOut]).toEqual(['v']);
  });

  it('is a name that is no UTF-8', () => {
    const leftOut = new Set<string>();
    const { headers } = read([hex('ff61'), 'b', hex('01')], ['ok', 'b', hex('01')]);
    expect(userHeaders(headers, leftOut)).toEqual({ ok: 1 });
    expect([...leftOut]).toEqual(['\ufffda']);
  });
});

it('gives Warren’s and the broker’s own numbers plainly, whatever their type', () => {
  const long = hex('0000000000000003');
  expect(
    read(
      ['warren-attempt', 'l', long],
      ['x-delivery-count', 'l', long],
      ['x-death', 'A', withLength(Buffer.concat([Buffer.from('l'), long]))],
    ).headers,
  ).toEqual({
    'warren-attempt': 3,
    'x-delivery-count': 3,
    'x-death': [3],
  });
});

describe('headers that cannot be read', () => {
  it.each([65, 66, 4_500, 9_000])('names the one that is %s tables deep, and reads the others', (tables) => {
    const { headers, unreadable } = read(['before', 'b', hex('01')], nestedTables('bomb', tables), [
      'after',
      'b',
      hex('02'),
    ]);
    expect(headers).toEqual({ before: 1, after: 2 });
    expect(unreadable).toEqual([{ name: 'bomb', problem: 'it is nested deeper than 64 tables' }]);
  });

  it('reads, and copies, what is 64 tables deep', () => {
    const { headers, unreadable } = read(nestedTables('deep', 64));
    expect(unreadable).toBeUndefined();
    expect(encodeTable(userHeaders(headers))).toEqual(rawTable(nestedTables('deep', 64)));
  });

  it('names the one of an unknown type, and reads those before it', () => {
    const { headers, unreadable } = read(
      ['before', 'b', hex('01')],
      ['odd', '?', hex('02')],
      ['after', 'b', hex('02')],
    );
    expect(headers).toEqual({ before: 1 });
    expect(unreadable).toMatchObject([{ name: 'odd' }]);
  });

  it('goes on behind a table that holds an unknown type', () => {
    const { headers, unreadable } = read(['odd', 'F', rawTable(['x', '?', hex('02')])], ['after', 'b', hex('02')]);
    expect(headers).toEqual({ after: 2 });
    expect(unreadable).toEqual([{ name: 'odd', problem: 'it holds a value of an unknown type' }]);
  });
});

it('never makes a header named __proto__ the prototype', () => {
  const { headers } = read(
    ['__proto__', 'F', rawTable(['isAdmin', 't', hex('01')])],
    ['t', 'F', rawTable(['__proto__', 'F', rawTable(['isAdmin', 't', hex('01')])])],
  );
  expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  expect((plainHeaders(headers)['t'] as Record<string, unknown>)['isAdmin']).toBeUndefined();
  expect(Object.keys(plainHeaders(headers)['t'] as object)).toEqual([]);
});

it('reads what amqplib writes as amqplib reads it, but for the types of numbers', () => {
  fc.assert(
    fc.property(headerTables, (given) => {
      const sent = userHeaders(given);
      const { headers, unreadable } = readHeaders(encodeTable(sent).subarray(4));
      expect(unreadable).toBeUndefined();
      expect(encodeTable(userHeaders(headers))).toEqual(encodeTable(sent));
      expect(Object.keys(plainHeaders(headers))).toEqual(Object.keys(throughTheWire(sent)));
    }),
    { numRuns: 300 },
  );
});

const TAGS = 'bBsuIilLfdDTSxAFVtU?';
const rawValues: fc.Arbitrary<RawField[]> = fc.letrec<{ fields: RawField[]; field: RawField }>((tie) => ({
  fields: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constant<RawField[]>([]),
    fc.array(tie('field'), { maxLength: 5 }),
  ),
  field: fc
    .tuple(
      fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ minLength: 250, maxLength: 255 })),
      fc.constantFrom(...TAGS),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      tie('fields'),
    )
    .map(([name, tag, bytes, fields]): RawField => [Buffer.from(name), tag, bytesOf(tag, Buffer.from(bytes), fields)]),
})).fields;

function bytesOf(tag: string, bytes: Buffer, fields: readonly RawField[]): Buffer {
  if (tag === 'F') return rawTable(...fields);
  if (tag === 'A')
    return withLength(Buffer.concat(fields.map(([, inner, value]) => Buffer.concat([Buffer.from(inner), value]))));
  if (tag === 'S' || tag === 'x') return withLength(bytes);
  const length = { V: 0, b: 1, B: 1, t: 1, s: 2, u: 2, U: 2, I: 4, i: 4, f: 4, D: 5 }[tag] ?? 8;
  return bytes.subarray(0, length);
}

it('copies of any table that a client can send can be encoded, within the budget', () => {
  fc.assert(
    fc.property(rawValues, (fields) => {
      const { headers } = readHeaders(rawTable(...fields).subarray(4));
      expect(encodeTable(userHeaders(headers)).length).toBeLessThan(17_000);
      expect(() => JSON.stringify(plainHeaders(headers))).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
});

it('does not throw over bytes that make no sense', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const { headers } = readHeaders(Buffer.from(bytes));
      expect(() => encodeTable(userHeaders(headers))).not.toThrow();
    }),
    { numRuns: 5_000 },
  );
});

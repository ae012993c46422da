import fc from 'fast-check';
import { copyHeaders, copyTable } from '../../../src/memory/field-table';

describe('copying headers', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.string({ maxLength: 20 }),
      fc.integer(),
      fc
        .double({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 63) })
        .map((n) => (Object.is(n, -0) ? 0 : n))
        // Between 2^50 and 2^63, amqplib sends integers of 64 bits: fractions it refuses, and what is beyond 2^53 comes back as digits.
        .filter((n) => Math.abs(n) < 2 ** 50 || Number.isSafeInteger(n) || n >= 2 ** 63),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 8 }), tie('any'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).any;

  it('gives equal headers that share nothing with the original', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 8 }), value, { noNullPrototype: true }), (table) => {
        fc.pre(!JSON.stringify(table).includes('"!"'));
        const copy = copyTable(table);
        expect(copy).toEqual(table);
        for (const key of Object.keys(table)) {
          if (typeof table[key] === 'object' && table[key] !== null) expect(copy[key]).not.toBe(table[key]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, unknown, unknown]>([
    ['a class instance becomes a plain table', new Date(0), {}],
    ['minus zero becomes zero', -0, 0],
    ['a typed number keeps its type', { '!': 'int16', value: 7 }, { '!': 'short', value: 7 }],
    ['a typed number that a plain one would be sent as is plain', { '!': 'byte', value: 7 }, 7],
    [
      'a long keeps all its digits',
      { '!': 'long', value: '9007199254740993' },
      { '!': 'long', value: '9007199254740993' },
    ],
    ['a number beyond 2^53 is a long', 2 ** 60, { '!': 'long', value: '1152921504606846976' }],
    ['a typed string becomes a string', { '!': 'string', value: 'x' }, 'x'],
    ['a time stays a time', { '!': 'timestamp', value: 5 }, { '!': 'timestamp', value: 5 }],
    [
      'a decimal stays one',
      { '!': 'decimal', value: { places: 2, digits: 150 } },
      { '!': 'decimal', value: { places: 2, digits: 150 } },
    ],
  ])('%s', (_what, given, expected) => {
    expect(copyTable({ given })).toEqual({ given: expected });
  });

  it('gives Warren’s and the broker’s own numbers plainly', () => {
    const three = { '!': 'long', value: 3 };
    expect(copyTable({ 'warren-attempt': three, 'x-delivery-count': three })).toEqual({
      'warren-attempt': 3,
      'x-delivery-count': 3,
    });
  });

  it('names what is nested too deep for any reader, and gives the others', () => {
    let deep: unknown = 'core';
    for (let table = 0; table < 65; table++) deep = { a: deep };
    expect(copyHeaders({ deep, ok: 1 })).toEqual({
      headers: { ok: 1 },
      unreadable: [{ name: 'deep', problem: 'it is nested deeper than 64 tables' }],
    });
  });

  it('copies bytes', () => {
    const bytes = Buffer.from([1, 2]);
    const copy = copyTable({ bytes });
    bytes[0] = 9;
    expect(copy['bytes']).toEqual(Buffer.from([1, 2]));
  });

  it('leaves out what is undefined', () => {
    expect(Object.keys(copyTable({ a: undefined, b: { c: undefined } }))).toEqual(['b']);
  });

  it('keeps a header named __proto__ as a header', () => {
    const copy = copyTable(JSON.parse('{"__proto__":{"isAdmin":true}}') as Record<string, unknown>);
    expect(Object.keys(copy)).toEqual(['__proto__']);
    expect(copy['isAdmin']).toBeUndefined();
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a bigint', { a: 1n }, /no type for a header of type bigint/],
    ['a function', { a: () => 1 }, /of type function/],
    ['undefined in an array', { a: [undefined] }, /of type undefined/],
    ['NaN', { a: Number.NaN }, /NaN/],
    ['infinity', { a: Number.POSITIVE_INFINITY }, /infinite/],
    ['what is below 64 bits', { a: -1e300 }, /-1e\+300/],
    ['a fraction beyond 2^50, which amqplib takes for an integer', { a: 2 ** 50 + 0.5 }, /1125899906842624.5/],
    ['a typed number that is none', { a: { '!': 'byte', value: 128 } }, /of type byte/],
    ['a type that AMQP does not have', { a: { '!': 'uint128', value: 1 } }, /of type uint128/],
    ['minus infinity', { a: Number.NEGATIVE_INFINITY }, /-Infinity/],
    ['a name of more than 255 bytes', { ['ü'.repeat(128)]: 1 }, /256 bytes/],
    ['more than 64 KiB', { a: 'x'.repeat(65_536) }, /65536 bytes/],
  ])('refuses %s', (_what, table, message) => {
    expect(() => copyTable(table)).toThrow(message);
  });
});

import fc from 'fast-check';

const NAMES = [
  'CC',
  'bcc',
  'x-death',
  'x-delay',
  '__proto__',
  'constructor',
  'toString',
  '!',
  'value',
  'warren-attempt',
  'warren-failures',
  'größe',
  '',
];
const TAGS = [
  'timestamp',
  'decimal',
  'byte',
  'short',
  'int',
  'long',
  'float',
  'double',
  'uint64',
  'object',
  'string',
  '__proto__',
  '',
];

const name = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.string({ maxLength: 8 }),
  fc.nat(300).map((length) => 'ñ'.repeat(length)),
);
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(2 ** 51 + 0.5, 2 ** 63, 2 ** 64, -(2 ** 63) - 2048, 1e308, -1e308, -0),
);
const leaf = fc.oneof(
  fc.string(),
  fc.nat(30_000).map((length) => '\u0000é'.repeat(length / 3)),
  number,
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  fc.date({ noInvalidDate: false }),
);

/**
 * Header tables as a sender could make them, and worse: reserved names, `{ '!': … }` tags of every type with any value,
 * numbers that no AMQP type holds, deep nesting, and far more bytes than fit.
 */
export const headerTables: fc.Arbitrary<Record<string, unknown>> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 12, depthSize: 'small' },
    leaf,
    tie('tagged'),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('table'),
  ),
  tagged: fc.record({ '!': fc.oneof(fc.constantFrom(...TAGS), fc.anything()), value: fc.oneof(leaf, fc.anything()) }),
  table: fc.dictionary(name, tie('value'), { maxKeys: 12 }),
})).table as fc.Arbitrary<Record<string, unknown>>;

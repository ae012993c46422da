import { Transform, Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { CodecRegistry } from '../../../src/message/codec';
import { DEFAULT_JSON_LIMITS } from '../../../src/message/json-budget';
import { createJsonCodec } from '../../../src/message/json-codec';
import { compilePayload } from '../../../src/message/payload/compile-payload';
import type { PayloadResult } from '../../../src/message/payload/payload-check';
import type { MessageProperties } from '../../../src/message/wire';
import type { ClassType } from '../../../src/task/class-type';
import { payloadTypeOf } from '../../../src/task/payload-type';

class Item {
  @IsString() sku!: string;
}

class Order {
  @IsInt() id!: number;
  @IsOptional() @IsObject() meta?: object;
  @IsOptional() @ValidateNested() @Type(() => Item) items?: Item[];
}

/** Made by class-transformer, where the others are filled by hand. */
class Transformed extends Order {
  @IsOptional() @Transform(({ value }) => value) note?: unknown;
}

class Flat {
  @IsInt() id!: number;
  @IsOptional() @IsObject() meta?: object;
}

const CLASSES: readonly ClassType[] = [Flat, Order, Transformed];
const codecs = new CodecRegistry([createJsonCodec()]);

/** What a worker makes of a message. */
function receive(type: ClassType, body: string | Buffer, properties: MessageProperties = {}): PayloadResult {
  const decoded = codecs.decode({ body: Buffer.from(body as string), properties });
  if (!decoded.ok) return decoded;
  return compilePayload(payloadTypeOf(type), { unknownKeys: 'drop' }).check(decoded.value) as PayloadResult;
}

/** What a sender makes of a payload. */
function send(type: ClassType, payload: unknown): PayloadResult {
  const { toWire, check } = compilePayload(payloadTypeOf(type), { unknownKeys: 'refuse' });
  const wire = toWire(payload);
  return wire.ok ? (check(wire.payload) as PayloadResult) : wire;
}

const rulesOf = (result: PayloadResult) =>
  result.ok ? [] : result.problems.map(({ path, rule }) => `${path} ${rule}`);
const wide = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, i) => [`key${i}`, i]));
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

describe.each(CLASSES)('a message for %p', (type) => {
  it.each<[string, string | Buffer, MessageProperties, string]>([
    ['malformed JSON', '{"id":1', {}, '(payload) json'],
    ['an empty body', '', {}, '(payload) json'],
    ['Latin-1', Buffer.from('{"id":1,"meta":{"é":1}}', 'latin1'), {}, '(payload) json'],
    ['another content type', '{"id":1}', { contentType: 'application/xml' }, '(payload) contentType'],
    ['another charset', '{"id":1}', { contentType: 'application/json; charset=utf-16' }, '(payload) contentType'],
    ['a compressed body', '{"id":1}', { contentEncoding: 'gzip' }, '(payload) encoding'],
    ['null', 'null', {}, '(payload) type'],
    ['an array', '[{"id":1}]', {}, '(payload) type'],
    ['a text', '"id"', {}, '(payload) type'],
    ['a missing field', '{}', {}, 'id isInt'],
    ['a field of a wrong type', '{"id":"1"}', {}, 'id isInt'],
    ['10,000 levels', deep(10_000), {}, '(payload) limit'],
    ['10,000 levels in a known key', `{"id":1,"meta":${deep(10_000)}}`, {}, '(payload) limit'],
    ['200,000 levels', '['.repeat(200_000), {}, '(payload) limit'],
    ['200,000 unknown keys', JSON.stringify({ id: 1, ...wide(200_000) }), {}, '(payload) limit'],
    ['20 MB', JSON.stringify({ id: 1, meta: { a: 'x'.repeat(20_000_000) } }), {}, '(payload) limit'],
  ])('is refused for %s', (_, body, properties, problem) => {
    expect(rulesOf(receive(type, body, properties))).toEqual([problem]);
  });

  it.each<[string, string | Buffer, MessageProperties]>([
    ['a byte order mark', '\ufeff{"id":1}', {}],
    ['unknown keys', '{"id":1,"x":1,"y":{"z":[1]}}', {}],
    [
      'keys that are methods of every object',
      '{"id":1,"toString":1,"hasOwnProperty":1,"constructor":1,"then":1,"toJSON":1}',
      {},
    ],
    ['a key that sets prototypes', '{"id":1,"__proto__":{"id":"x","meta":5}}', {}],
    ['a charset', '{"id":1}', { contentType: 'application/json;charset=UTF-8', contentEncoding: 'UTF-8' }],
    ['no content type', '{"id":1}', {}],
    ['the last of two keys', '{"id":"x","id":1}', {}],
  ])('may have %s', (_, body, properties) => {
    expect(receive(type, body, properties)).toStrictEqual({
      ok: true,
      payload: Object.assign(new (type as new () => object)(), { id: 1 }),
    });
  });

  it.each(['toString', 'hasOwnProperty', 'constructor', '__proto__', 'then', 'toJSON', 'valueOf', 'length'])(
    'may have the key %s in a free-form object',
    (key) => {
      expect(receive(type, `{"id":1,"meta":{"${key}":{"a":1},"kept":1}}`)).toMatchObject({
        ok: true,
        payload: { meta: { kept: 1 } },
      });
    },
  );

  it('answers any JSON, at the worker and at the sender', () => {
    const key = fc.constantFrom(
      'id',
      'meta',
      'items',
      'sku',
      'note',
      '__proto__',
      'constructor',
      'toString',
      'then',
      'x',
    );
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 6 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        for (const result of [receive(type, JSON.stringify(value)), send(type, value)]) {
          expect(result.ok || result.problems.length > 0).toBe(true);
          if (result.ok) expect((result.payload as Order).id).toEqual(expect.any(Number));
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('answers any value of JavaScript at the sender', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    const nearly = fc.record(
      { id: fc.oneof(fc.integer(), anything), meta: anything, items: anything },
      { requiredKeys: ['id'] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, nearly), (value) => {
        const result = send(type, value);
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('never quotes a value', () => {
    const secrets = ['hunter2', 47_110_815, { a: 'hunter2' }, ['hunter2'], true];
    for (const secret of secrets) {
      for (const payload of [
        { id: secret, meta: secret, items: secret, unknown: secret },
        { id: 1.5, items: [{ sku: secret }] },
        secret,
      ]) {
        const words = JSON.stringify([
          rulesAndWords(send(type, payload)),
          rulesAndWords(receive(type, JSON.stringify(payload))),
        ]);
        expect(words).not.toMatch(/hunter2|47110815/);
      }
    }
  });

  const rulesAndWords = (result: PayloadResult) => (result.ok ? [] : result.problems);
});

describe('200,000 unknown keys', () => {
  const payload = { id: 1, ...wide(200_000) };
  const body = Buffer.from(JSON.stringify(payload));
  /** The payload, and how often something has looked at it, at one of its keys, or at all of them. */
  const watched = () => {
    const looks = { atKeys: 0, atAll: 0 };
    const count =
      <A extends unknown[], R>(look: keyof typeof looks, trap: (...args: A) => R) =>
      (...args: A): R => {
        looks[look]++;
        return trap(...args);
      };
    const proxy = new Proxy(payload, {
      get: count('atKeys', Reflect.get),
      has: count('atKeys', Reflect.has),
      getOwnPropertyDescriptor: count('atKeys', Reflect.getOwnPropertyDescriptor),
      ownKeys: count('atAll', Reflect.ownKeys),
    });
    return { proxy, looks };
  };

  it('cost the worker next to nothing, with the limit of bytes or without', () => {
    const unlimited = createJsonCodec({ ...DEFAULT_JSON_LIMITS, maxBodyBytes: 100_000_000 });
    expect(unlimited.decode(body)).toMatchObject({ ok: false, problems: [{ rule: 'limit' }] });
    const parse = jest.spyOn(JSON, 'parse');
    try {
      codecs.decode({ body, properties: {} });
      unlimited.decode(body);
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
  });

  it.each(CLASSES)('are looked at by the sender of %p a few times at most', (type) => {
    const { check } = compilePayload(payloadTypeOf(type), { unknownKeys: 'refuse' });
    const { proxy, looks } = watched();
    expect(check(proxy)).toMatchObject({ ok: false });
    expect(looks.atKeys).toBeLessThan(4 * 200_000);
    expect(looks.atAll).toBeLessThanOrEqual(2);
  });

  it('are named by ten to the sender of a flat payload', () => {
    expect(rulesOf(send(Flat, payload))).toEqual([
      ...Array.from({ length: 10 }, (_, i) => `key${i} unknownKey`),
      '(payload) unknownKey',
    ]);
  });

  it('cost a check that drops them next to nothing', () => {
    const { check } = compilePayload(payloadTypeOf(Flat), { unknownKeys: 'drop' });
    const { proxy, looks } = watched();
    expect(check(proxy)).toMatchObject({ ok: true, payload: { id: 1 } });
    expect(looks.atKeys).toBeLessThan(10);
    expect(looks.atAll).toBe(0);
  });
});

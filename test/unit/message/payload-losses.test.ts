import { Transform, Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsDate,
  IsDefined,
  IsInstance,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import fc from 'fast-check';
import { bodyOf, problemsOf, sent } from './round-trip';

class Flat {
  @IsOptional() @IsObject() data?: object;
  @Allow() any: unknown;
}
class Item {
  @Allow() value: unknown;
}
class Nested {
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  @Allow() any: unknown;
}
class Transformed {
  @IsOptional() @Transform(({ value }) => value) note?: unknown;
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
  @Allow() any: unknown;
}

class Point {
  constructor(
    readonly x = 1,
    readonly y = 2,
  ) {}
}
class Hidden {
  #value = 1;
  read = () => this.#value;
}
class Empty {}
class Money {
  amount = 5;
  toJSON(): string {
    return '5 EUR';
  }
}
const circle: Record<string, unknown> = {};
circle['self'] = circle;
const prototypeKey: unknown = JSON.parse('{"__proto__":{"a":1}}');

/** What JSON changes or loses, and a word of the message. */
const LOSSES: readonly (readonly [string, unknown, string])[] = [
  ['NaN', Number.NaN, 'NaN'],
  ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
  ['a Map', new Map([['a', 1]]), 'Map'],
  ['an empty Map', new Map(), 'Map'],
  ['a Set', new Set([1]), 'Set'],
  ['a WeakMap', new WeakMap(), 'Map'],
  ['a Buffer', Buffer.from('abc'), 'base64'],
  ['an empty Buffer', Buffer.alloc(0), 'base64'],
  ['a Uint8Array', new Uint8Array([1, 2]), 'base64'],
  ['a Float64Array', new Float64Array(1), 'base64'],
  ['a DataView', new DataView(new ArrayBuffer(1)), 'base64'],
  ['an ArrayBuffer', new ArrayBuffer(2), 'base64'],
  ['a Date', new Date(0), 'toISOString()'],
  ['an invalid Date', new Date(Number.NaN), 'toISOString()'],
  ['a RegExp', /a/, 'source'],
  ['an Error', new TypeError('hunter2'), 'message'],
  ['an Error with keys', Object.assign(new Error('hunter2'), { code: 1 }), 'message'],
  ['a boxed number', Object(1), 'value itself'],
  ['a boxed text', Object('a'), 'value itself'],
  ['a boxed boolean', Object(false), 'value itself'],
  ['a boxed bigint', Object(1n), 'value itself'],
  ['a bigint', 1n, 'string'],
  ['a symbol', Symbol('a'), 'symbol'],
  ['a function', () => 1, 'function'],
  ['a class', Point, 'function'],
  ['a Promise', Promise.resolve(1), 'await'],
  ['an object with toJSON', new Money(), 'toJSON'],
  ['a plain object with toJSON', { a: 1, toJSON: () => 2 }, 'toJSON'],
  ['a URL', new URL('http://a.b'), 'toJSON'],
  ['an instance with private fields alone', new URLSearchParams('a=1'), 'keys of its own'],
  ['an instance without keys', new Empty(), 'keys of its own'],
  ['a method that is a key', new Hidden(), 'function'],
  ['undefined in an array', [1, undefined], 'null'],
  ['a hole in an array', new Array(1), 'null'],
  ['a symbol as a key', { [Symbol('a')]: 1 }, 'symbol'],
  ['a key that sets prototypes', prototypeKey, 'prototype'],
  ['a key that reaches for a prototype', { constructor: { prototype: { a: 1 } } }, 'prototype'],
];

describe.each([Flat, Nested, Transformed, 'unchecked'] as const)('a payload of %p', (option) => {
  const wrapped = (value: unknown) => (option === 'unchecked' ? value : { any: value });
  const root = option === 'unchecked' ? '' : 'any';

  it.each(LOSSES)('is refused at its sender for %s in free-form data, at any depth', async (_, value, word) => {
    for (const given of [
      value,
      { a: value },
      [value],
      { a: [{ b: value }] },
      Object.assign(new Point(), { x: value }),
    ]) {
      const problems = await problemsOf(option, wrapped(given));
      expect(problems).toHaveLength(1);
      expect(problems[0]?.message).toContain(word);
      expect(problems[0]?.message).not.toContain('hunter2');
      expect(problems[0]?.path).toMatch(root === '' ? /./ : /^any/);
    }
  });

  it('is refused for a circular reference, and for one value that is in itself in ever more places', async () => {
    expect(await problemsOf(option, wrapped(circle))).toMatchObject([{ rule: 'limit' }]);
    let wide: unknown = 1;
    for (let i = 0; i < 40; i++) wide = [wide, wide];
    expect(await problemsOf(option, wrapped(wide))).toMatchObject([{ rule: 'limit' }]);
  });

  it.each<[string, unknown, unknown]>([
    ['negative zero', -0, 0],
    ['undefined for a key', { a: undefined, b: 1 }, { b: 1 }],
    ['an instance with keys', new Point(), { x: 1, y: 2 }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a lone surrogate', '\ud800', '\ud800'],
    ['a key that is called constructor', { constructor: 'Lotus' }, { constructor: 'Lotus' }],
    ['one object twice', [circle['other'] ?? { a: 1 }, { a: 1 }], [{ a: 1 }, { a: 1 }]],
    ['the largest number', Number.MAX_VALUE, Number.MAX_VALUE],
  ])('may have %s', async (_, value, expected) => {
    const arrived = await sent(option, wrapped({ value }));
    expect(JSON.stringify(arrived)).toBe(
      JSON.stringify(option === 'unchecked' ? { value: expected } : { any: { value: expected } }),
    );
  });

  it('arrives as it was given, or is not sent', async () => {
    const anything = fc.anything({
      maxDepth: 4,
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withObjectString: true,
    });
    let arrivals = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, fc.jsonValue()), async (value) => {
        const given = wrapped({ value });
        if ((await problemsOf(option, given)).length > 0) return;
        arrivals++;
        const arrived = (await sent(option, given)) as { any?: { value?: unknown }; value?: unknown };
        expect(option === 'unchecked' ? arrived.value : arrived.any?.value).toEqual(withoutNegativeZero(value));
      }),
      { numRuns: 300 },
    );
    expect(arrivals).toBeGreaterThan(50);
  });
});

/** JSON has one zero. */
function withoutNegativeZero(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutNegativeZero(item)]));
}

describe('what is checked is what is encoded', () => {
  it('an instance that no JSON gives is refused at the sender', async () => {
    class Upload {
      @IsInstance(Buffer) body!: Buffer;
    }
    expect(await problemsOf(Upload, { body: Buffer.from('a') })).toMatchObject([{ path: 'body', rule: 'type' }]);
  });

  it('is carried where the class says how it is made again', async () => {
    class Upload {
      @IsInstance(Buffer) @Type(() => Buffer) body!: Buffer;
      @IsInstance(Set) @Type(() => String) tags!: Set<string>;
      @IsInstance(Map) @Type(() => Number) counts!: Map<string, number>;
      @IsDate() @Type(() => Date) at!: Date;
      @IsDefined()
      @Transform(({ value }) => String(value), { toPlainOnly: true })
      @Transform(({ value }) => BigInt(value), { toClassOnly: true })
      size!: bigint;
    }
    const upload = Object.assign(new Upload(), {
      body: Buffer.from([1, 0, 255]),
      tags: new Set(['a', 'b']),
      counts: new Map([['a', 1]]),
      at: new Date(5),
      size: 2n ** 70n,
    });
    expect(await sent(Upload, upload)).toStrictEqual(upload);
  });

  it.each<[string, object, string]>([
    ['a map whose keys are no texts', { counts: new Map([[1, 1]]) }, 'counts'],
    ['an invalid date', { at: new Date(Number.NaN) }, 'at'],
    ['a date in an array of texts', { tags: [new Date()] }, 'tags[0]'],
    ['NaN in a map of numbers', { counts: { a: Number.NaN } }, 'counts.a'],
    ['NaN for a number that may be one', { ratio: Number.NaN }, 'ratio'],
    ['a date where a text is declared', { name: new Date() }, 'name'],
    ['a boxed text', { name: Object('a') }, 'name'],
    ['a hole in an array', { list: new Array(1) }, 'list[0]'],
  ])('%s is refused', async (_, given, path) => {
    class Kinds {
      @IsOptional() @Type(() => Number) counts?: Map<string, number>;
      @IsOptional() @IsDate() @Type(() => Date) at?: Date;
      @IsOptional() @IsArray() tags?: string[];
      @IsOptional() @IsNumber({ allowNaN: true }) ratio?: number;
      @IsOptional() name?: string;
      @IsOptional() @IsArray() list?: unknown[];
    }
    expect(await problemsOf(Kinds, given)).toMatchObject([{ path, rule: 'type' }]);
  });

  it('a value behind an accessor is sent, and a key that JSON leaves out is refused', async () => {
    class Account {
      #pin = '';
      @IsString() get pin(): string {
        return this.#pin;
      }
      set pin(pin: string) {
        this.#pin = pin.trim();
      }
    }
    expect(await bodyOf(Account, Object.assign(new Account(), { pin: ' 1 ' }))).toBe('{"pin":"1"}');
    class Plain {
      @IsString() a!: string;
    }
    const hidden = Object.defineProperty({}, 'a', { value: 'x' });
    expect(await problemsOf(Plain, hidden)).toMatchObject([{ path: '(payload)', rule: 'type' }]);
  });

  it('a Map as the payload itself is refused, whatever its class asks for', async () => {
    expect(await problemsOf(Flat, new Map([['data', {}]]))).toMatchObject([{ path: '(payload)', rule: 'type' }]);
    expect(await problemsOf(Flat, new Error('a'))).toMatchObject([{ path: '(payload)', rule: 'type' }]);
  });

  it('a @Transform that changes what it gets does not change what is sent, nor the object of the sender', async () => {
    class Counter {
      @Transform(({ value, obj }) => {
        obj.data.seen = true;
        value.seen = true;
        return value;
      })
      @IsObject()
      data!: { seen?: boolean };
    }
    const given = { data: {} };
    expect(await bodyOf(Counter, given)).toBe('{"data":{}}');
    expect(given).toEqual({ data: {} });
  });
});

describe('all that is wrong with a payload', () => {
  class Order {
    @IsInt() id!: number;
    @IsString() sku!: string;
    @IsOptional() @IsObject() meta?: object;
    @IsOptional() @ValidateNested({ each: true }) @Type(() => Flat) lines?: Flat[];
  }

  it('is named at once: unknown keys, values that are lost, broken rules, in nested objects too', async () => {
    const problems = await problemsOf(Order, {
      id: 'x',
      skuu: 'y',
      meta: { a: new Set(), b: Number.NaN },
      lines: [{ data: 5, extra: 1 }, { data: new Map() }],
    });
    expect(problems.map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      'skuu unknownKey',
      'meta.a type',
      'meta.b type',
      'lines[0].extra unknownKey',
      'lines[1].data type',
      'id isInt',
      'sku isString',
      'lines[0].data isObject',
    ]);
  });
});

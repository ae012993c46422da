import { Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsDate,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import fc from 'fast-check';
import { problemsOf, received, sent } from './round-trip';

class Retry {
  @Expose() @IsOptional() @IsInt() retries = 3;
}
class Renamed {
  @Expose({ name: 'max_tries' }) @IsOptional() @IsInt() maxTries = 5;
}
class Person {
  @Expose() @Transform(({ obj }) => obj.name ?? obj.fullName) @IsString() name!: string;
}

describe('a key that is missing', () => {
  it.each(['{}', '{"other":1}'])('leaves the default of the class: %s', async (body) => {
    expect(await received(Retry, body)).toStrictEqual(new Retry());
    expect(await received(Renamed, body)).toStrictEqual(new Renamed());
  });

  it('leaves the default at the sender, too, and a key that is there wins', async () => {
    expect(await sent(Retry, {})).toStrictEqual(new Retry());
    expect(await sent(Retry, { retries: undefined })).toStrictEqual(new Retry());
    expect(await sent(Retry, { retries: 0 })).toEqual({ retries: 0 });
    expect(await received(Retry, '{"retries":null}')).toEqual({ retries: null });
    expect(await received(Renamed, '{"max_tries":1}')).toEqual({ maxTries: 1 });
  });

  it('leaves defaults of nested classes, of typed properties, and those that an accessor or a constructor sets', async () => {
    class Holder {
      @Expose() @ValidateNested() @Type(() => Retry) retry = new Retry();
      @Expose() @ValidateNested({ each: true }) @Type(() => Retry) list: Retry[] = [new Retry()];
      @Expose() @IsDate() @Type(() => Date) at = new Date(5);
      @IsString() made: string;
      #pin = 'none';
      @Expose() @IsString() get pin(): string {
        return this.#pin;
      }
      set pin(pin: string) {
        this.#pin = pin;
      }
      constructor() {
        this.made = 'by the constructor';
      }
    }
    const made = (await received(Holder, '{"retry":{},"list":[{},{"retries":1}]}')) as Holder;
    expect(made.retry).toStrictEqual(new Retry());
    expect(made.list).toEqual([{ retries: 3 }, { retries: 1 }]);
    expect([made.at, made.made, made.pin]).toEqual([new Date(5), 'by the constructor', 'none']);
    expect(await received(Holder, '{}')).toStrictEqual(new Holder());
  });

  it('leaves the default where a @Transform has nothing to make of it', async () => {
    class Settings {
      @Expose() @Transform(({ value }) => Number(value)) @IsInt() count = 3;
      @Expose() @Transform(({ value }) => value.trim()) @IsString() name = 'x';
      @Expose() @Transform(({ value }) => new Date(value)) @IsDate() at = new Date(1);
      @Transform(({ value }) => value === 'true') @IsBoolean() flag = true;
    }
    expect(await received(Settings, '{}')).toStrictEqual(new Settings());
    expect(await received(Settings, '{"count":"4","name":" y ","at":2,"flag":"false"}')).toEqual({
      count: 4,
      name: 'y',
      at: new Date(2),
      flag: false,
    });
  });
});

describe('a function of @Transform', () => {
  it('sees the whole object, with keys that the class does not know', async () => {
    expect(await received(Person, '{"fullName":"Ada"}')).toEqual({ name: 'Ada' });
    expect(await received(Person, '{"name":"Bob","fullName":"Ada"}')).toEqual({ name: 'Bob' });
    class Derived {
      @Transform(({ value, obj }) => value ?? obj.fullName) @IsString() name!: string;
    }
    expect(await received(Derived, '{"name":null,"fullName":"Ada"}')).toEqual({ name: 'Ada' });
  });

  it('sees the whole object that it is nested in, and gives what the default would be otherwise', async () => {
    class WithDefault {
      @Expose() @Transform(({ obj }) => obj.name ?? obj.fullName) @IsString() name = 'nobody';
    }
    class Holder {
      @ValidateNested({ each: true }) @Type(() => WithDefault) people!: WithDefault[];
    }
    expect(await received(Holder, '{"people":[{"fullName":"Ada"},{}]}')).toEqual({
      people: [{ name: 'Ada' }, { name: 'nobody' }],
    });
  });

  it('runs once on the way of a plain payload, and only on its side where it is for one', async () => {
    const runs: string[] = [];
    class Counted {
      @Transform(({ value }) => value + 1) @IsInt() both!: number;
      @Transform(({ value }) => value + 1, { toClassOnly: true }) @IsInt() reading!: number;
      @Transform(({ value }) => value + 1, { toPlainOnly: true }) @IsInt() writing!: number;
      @Transform(({ value, key }) => runs.push(key) && value, { toPlainOnly: true }) @IsInt() seen!: number;
    }
    const given = { both: 1, reading: 1, writing: 1, seen: 1 };
    expect(await sent(Counted, given)).toEqual({ both: 2, reading: 2, writing: 1, seen: 1 });
    expect(runs).toEqual([]);
    const instance = Object.assign(new Counted(), given);
    // As class-transformer: written once, read once.
    expect(await sent(Counted, instance)).toEqual({ both: 3, reading: 2, writing: 2, seen: 1 });
  });

  it('runs in the order of class-transformer, after the type, with its own key', async () => {
    class Ordered {
      @Transform(({ value }) => `${value}a`)
      @Transform(({ value, key }) => `${value}${key}`)
      @Type(() => String)
      @IsString()
      x!: string;
    }
    expect(await received(Ordered, '{"x":1}')).toEqual({ x: '1ax' });
  });
});

class Free {
  @Expose({ name: 'user_id' }) @IsInt() userId!: number;
  @IsOptional() @IsObject() meta?: object;
  @IsOptional() @IsArray() list?: unknown[];
  @Allow() any: unknown;
}
class Typed extends Free {
  @Type(() => Object) object: unknown;
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
}

describe('free-form data', () => {
  const KEYS = [
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'then',
    'isPrototypeOf',
    'length',
    '',
    '0',
    '-1',
    'toLocaleString',
    '__defineGetter__',
    'prototype',
    'userId',
    'user_id',
  ];

  it.each(KEYS)('may have the key %j, at any depth, on both ways', async (key) => {
    const data = { [key]: 1, kept: { [key]: { a: [{ [key]: 'x' }] } } };
    for (const type of [Free, Typed]) {
      const expected = { userId: 1, meta: data, list: [data], any: data };
      const arrived = (await sent(type, { user_id: 1, meta: data, list: [data], any: data })) as Free;
      expect(Object.entries(arrived)).toEqual(expect.arrayContaining(Object.entries(expected)));
      expect(JSON.stringify(arrived.meta)).toBe(JSON.stringify(data));
      expect(await sent(type, Object.assign(new type(), expected))).toMatchObject({ list: [data] });
    }
  });

  it('arrives as it was given, whatever it is', async () => {
    const key = fc.oneof(fc.constantFrom(...KEYS), fc.string()).filter((name) => name !== '__proto__');
    const { data } = fc.letrec<{ data: unknown }>((tie) => ({
      data: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 0 }),
        fc.array(tie('data'), { maxLength: 3 }),
        fc.dictionary(
          key.filter((name) => name !== 'constructor'),
          tie('data'),
          { maxKeys: 4 },
        ),
        fc.record({ constructor: fc.string(), x: tie('data') }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(data, async (value) => {
        const arrived = (await sent(Typed, { userId: 1, any: value, object: { value } })) as Typed;
        const json = JSON.parse(JSON.stringify({ value }));
        expect(JSON.stringify(arrived.any)).toBe(JSON.stringify(json.value));
        expect(JSON.stringify(arrived.object)).toBe(JSON.stringify(json));
      }),
      { numRuns: 300 },
    );
  });

  it('is the very object of the decoded message', async () => {
    expect(await problemsOf(Free, { userId: 1, meta: { then: 1 } })).toEqual([]);
    expect(await received(Free, '{"user_id":1,"any":{"type":"Buffer","data":[1]}}')).toEqual({
      userId: 1,
      any: { type: 'Buffer', data: [1] },
    });
  });
});

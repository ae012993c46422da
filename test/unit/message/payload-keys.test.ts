import { plainToInstance, Type } from 'class-transformer';
import { Allow, IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { compilePayload } from '../../../src/message/payload/compile-payload';
import type { ClassType } from '../../../src/task/class-type';
import { payloadTypeOf } from '../../../src/task/payload-type';

class Item {
  @IsString() sku!: string;
  @IsInt() count!: number;
}

class Order {
  @IsInt() id!: number;
  @IsOptional() @IsString() note?: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  @IsOptional() @ValidateNested() @Type(() => Order) replaces?: Order;
  @IsOptional() @IsObject() meta?: object;
}

const sender = (type: ClassType) => compilePayload(payloadTypeOf(type), { unknownKeys: 'refuse' });
const worker = (type: ClassType) => compilePayload(payloadTypeOf(type), { unknownKeys: 'drop' });
const unknown = (path: string, className: string) => ({
  path,
  rule: 'unknownKey',
  message: `is unknown to ${className}: leave it out, or decorate it there`,
});

describe('keys that the class does not know', () => {
  const order = {
    id: 1,
    a: 1,
    items: [
      { sku: 'x', count: 1 },
      { sku: 'y', count: 2, b: 2 },
    ],
    replaces: { id: 2, c: 3, items: [{ sku: 'z', count: 1, d: 4 }] },
    meta: { any: { thing: 1 } },
  };

  it('are refused at the sender, each with its path', () => {
    expect(sender(Order).check(order)).toEqual({
      ok: false,
      problems: [
        unknown('a', 'Order'),
        unknown('items[1].b', 'Item'),
        unknown('replaces.c', 'Order'),
        unknown('replaces.items[0].d', 'Item'),
      ],
    });
  });

  it('are dropped at the worker, in nested objects too', () => {
    const expected = plainToInstance(Order, {
      id: 1,
      items: [
        { sku: 'x', count: 1 },
        { sku: 'y', count: 2 },
      ],
      replaces: { id: 2, items: [{ sku: 'z', count: 1 }] },
      meta: { any: { thing: 1 } },
    });
    expect(worker(Order).check(order)).toStrictEqual({ ok: true, payload: expected });
  });

  it('leave what they came with untouched', async () => {
    const before = structuredClone(order);
    await worker(Order).check(order);
    await sender(Order).check(order);
    expect(order).toEqual(before);
  });

  it('are named ten at a time', () => {
    const wide = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`k${i}`, i]));
    const result = sender(Item).check({ sku: 'x', count: 1, ...wide });
    expect(result).toEqual({
      ok: false,
      problems: [
        ...Array.from({ length: 10 }, (_, i) => unknown(`k${i}`, 'Item')),
        { path: '(payload)', rule: 'unknownKey', message: 'has 27 keys, and Item knows 2' },
      ],
    });
  });

  it('are named once when they are in many objects', () => {
    const items = Array.from({ length: 200 }, () => ({ sku: 'x', count: 1, [`k`]: 1 }));
    const result = sender(Order).check({ id: 1, items });
    expect(result).toMatchObject({ ok: false, problems: { length: 11 } });
  });

  it.each([
    ['a b', '["a b"]'],
    ['__proto__', '__proto__'],
    ['5', '[5]'],
    ['\u001b[31m', String.raw`["\u001b[31m"]`],
    ['\u202egnp', String.raw`["\u202egnp"]`],
    ['a\nb', String.raw`["a\nb"]`],
    ['', '[""]'],
    ['x'.repeat(300), `["${'x'.repeat(57)}…"]`],
  ])('are written so that no log obeys them: %j', (key, path) => {
    const value: unknown = JSON.parse(`{"sku":"x","count":1,${JSON.stringify(key)}:1}`);
    expect(sender(Item).check(value)).toEqual({ ok: false, problems: [unknown(path, 'Item')] });
  });

  it('count only when JSON would write them', () => {
    class Draft {
      @IsString() text = 'hello';
      later?: string;
      log = () => undefined;
    }
    expect(sender(Draft).check(new Draft())).toMatchObject({ ok: true });
    expect(sender(Draft).check({ text: 'a', other: undefined, method() {} })).toMatchObject({ ok: true });
  });

  it('do not become known by inheritance from Object', () => {
    const value = { sku: 'x', count: 1, toString: 1, constructor: 2, hasOwnProperty: 3 };
    expect(sender(Item).check(value)).toEqual({
      ok: false,
      problems: [unknown('toString', 'Item'), unknown('constructor', 'Item'), unknown('hasOwnProperty', 'Item')],
    });
    expect(worker(Item).check(value)).toStrictEqual({
      ok: true,
      payload: plainToInstance(Item, { sku: 'x', count: 1 }),
    });
  });
});

describe('keys that the class knows', () => {
  it('come from the classes it extends, from @Allow and from @Type', () => {
    class Base {
      @IsString() id!: string;
    }
    class Derived extends Base {
      @Allow() free: unknown;
      @Type(() => Item) item!: Item;
    }
    const value = { id: 'x', free: { a: [1] }, item: { sku: 'x', count: 1 } };
    expect(sender(Derived).check(value)).toStrictEqual({ ok: true, payload: plainToInstance(Derived, value) });
  });

  it('keep the default of the class when they are left out or undefined', () => {
    class Mail {
      @IsString() from = 'team';
    }
    expect(worker(Mail).check({})).toEqual({ ok: true, payload: { from: 'team' } });
    expect(sender(Mail).check({ from: undefined })).toEqual({ ok: true, payload: { from: 'team' } });
    expect(worker(Mail).check({ from: 'me' })).toEqual({ ok: true, payload: { from: 'me' } });
  });

  it('are read from the object itself, not from its prototype', () => {
    expect(worker(Item).check(Object.create({ sku: 'x', count: 1 }))).toMatchObject({
      ok: false,
      problems: [
        { path: 'sku', rule: 'isString' },
        { path: 'count', rule: 'isInt' },
      ],
    });
  });

  it('are set through setters, and left alone where there is a method or a getter only', () => {
    class Account {
      @IsString() get full(): string {
        return `${this.first}!`;
      }
      @IsString() first!: string;
      #pin = '';
      @IsString() set pin(pin: string) {
        this.#pin = pin.trim();
      }
      get pin(): string {
        return this.#pin;
      }
      @Allow() reset(): string {
        return 'reset';
      }
    }
    const result = worker(Account).check({ first: 'Ada', full: 'forged', pin: ' 1 ', reset: 'forged' });
    const { payload } = result as { payload: Account };
    expect([payload.full, payload.pin, payload.reset()]).toEqual(['Ada!', '1', 'reset']);
  });

  it.each([
    ['a function', () => 1, 'a function cannot be sent'],
    ['a symbol', Symbol('s'), 'a symbol cannot be sent'],
    ['a Map', new Map(), 'a Map or Set cannot be sent; give a plain object or an array'],
    ['a Set', new Set(), 'a Map or Set cannot be sent; give a plain object or an array'],
  ])('may not have %s for a value at the sender', (_, value, message) => {
    expect(sender(Order).check({ id: 1, meta: value })).toEqual({
      ok: false,
      problems: [{ path: 'meta', rule: 'type', message }],
    });
    expect(sender(Order).check({ id: 1, items: [{ sku: value, count: 1 }] })).toMatchObject({
      ok: false,
      problems: [{ path: 'items[0].sku', rule: 'type', message }],
    });
  });
});

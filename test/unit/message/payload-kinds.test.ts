import { IsString } from 'class-validator';
import { compilePayload } from '../../../src/message/payload/compile-payload';
import { type PayloadOption, payloadTypeOf } from '../../../src/task/payload-type';

class Greeting {
  @IsString() text!: string;
}

const sender = (option: PayloadOption) => compilePayload(payloadTypeOf(option), { unknownKeys: 'refuse' });
const worker = (option: PayloadOption) => compilePayload(payloadTypeOf(option), { unknownKeys: 'drop' });
const primitive = (type: unknown) => type as PayloadOption;
const failure = (rule: string, message: string) => ({ ok: false, problems: [{ path: '(payload)', rule, message }] });

describe('a primitive payload', () => {
  it.each([
    [String, 'text'],
    [String, ''],
    [Number, 0],
    [Number, -1.5],
    [Boolean, false],
  ])('of %p may be %j', (type, value) => {
    expect(sender(primitive(type)).check(value)).toEqual({ ok: true, payload: value });
    expect(worker(primitive(type)).check(value)).toEqual({ ok: true, payload: value });
    expect(sender(primitive(type)).toWire(value)).toEqual({ ok: true, payload: value });
  });

  it.each([
    [String, 5, 'type', 'must be a string, not a number'],
    [String, null, 'type', 'must be a string, not null'],
    [String, ['a'], 'type', 'must be a string, not an array'],
    [Number, '5', 'type', 'must be a number, not a string'],
    [Number, Number.NaN, 'type', 'must be a finite number; JSON has no other'],
    [Number, Number.POSITIVE_INFINITY, 'type', 'must be a finite number; JSON has no other'],
    [Number, 5n, 'type', 'must be a number, not a bigint'],
    [Boolean, 1, 'type', 'must be a boolean, not a number'],
    [Boolean, {}, 'type', 'must be a boolean, not an object'],
    [Boolean, undefined, 'missing', 'is missing; expected a boolean'],
  ])('of %p may not be %p', (type, value, rule, message) => {
    expect(sender(primitive(type)).check(value)).toEqual(failure(rule, message));
    expect(worker(primitive(type)).check(value)).toEqual(failure(rule, message));
  });
});

describe('no payload', () => {
  it.each([undefined, null])('is sent for %p, as null', (value) => {
    expect(sender('none').check(value)).toEqual({ ok: true, payload: undefined });
    expect(sender('none').toWire(undefined)).toEqual({ ok: true, payload: null });
  });

  it('is refused when there is one, before it is sent', () => {
    const message = 'must be left out: the task takes no payload, and got an object';
    expect(sender('none').check({ a: 1 })).toEqual(failure('type', message));
  });

  it('is what the handler gets, whatever came', () => {
    expect(worker('none').check({ order: 5 })).toEqual({ ok: true, payload: undefined });
  });
});

describe('an unchecked payload', () => {
  it.each([null, 5, 'text', [1, { a: [] }], { __a: 1 }])('may be %j', (value) => {
    expect(sender('unchecked').check(value)).toEqual({ ok: true, payload: value });
    expect(worker('unchecked').check(value)).toEqual({ ok: true, payload: value });
  });

  it('is null on the wire when there is none', () => {
    expect(sender('unchecked').toWire(undefined)).toEqual({ ok: true, payload: null });
  });
});

describe('a class payload', () => {
  it.each([
    [undefined, 'missing', 'is missing; expected an object (Greeting)'],
    [null, 'type', 'must be an object (Greeting), not null'],
    [[{ text: 'a' }], 'type', 'must be an object (Greeting), not an array'],
    ['{"text":"a"}', 'type', 'must be an object (Greeting), not a string'],
    [5, 'type', 'must be an object (Greeting), not a number'],
    [true, 'type', 'must be an object (Greeting), not a boolean'],
  ])('may not be %j', (value, rule, message) => {
    expect(sender(Greeting).check(value)).toEqual(failure(rule, message));
    expect(worker(Greeting).check(value)).toEqual(failure(rule, message));
  });

  it('is an instance of its class at the handler', () => {
    const result = worker(Greeting).check({ text: 'hello' });
    expect(result).toEqual({ ok: true, payload: { text: 'hello' } });
    expect((result as { payload: unknown }).payload).toBeInstanceOf(Greeting);
  });

  it('is checked without a promise, right or wrong', () => {
    expect(worker(Greeting).check({ text: 'hello' })).not.toBeInstanceOf(Promise);
    expect(worker(Greeting).check({ text: 5 })).not.toBeInstanceOf(Promise);
  });

  it('goes on the wire as it is, an object or an instance', () => {
    const plain = { text: 'hello' };
    const instance = Object.assign(new Greeting(), plain);
    expect(sender(Greeting).toWire(plain)).toEqual({ ok: true, payload: plain });
    expect(sender(Greeting).toWire(instance)).toEqual({ ok: true, payload: instance });
    expect(sender(Greeting).check(instance)).toEqual({ ok: true, payload: instance });
  });

  it('goes on the wire as its toJSON says, and is checked as that', () => {
    const { toWire, check } = sender(Greeting);
    expect(toWire({ secret: 1, toJSON: () => ({ text: 'hello' }) })).toEqual({ ok: true, payload: { text: 'hello' } });
    const date = toWire(new Date(0));
    expect(date).toEqual({ ok: true, payload: '1970-01-01T00:00:00.000Z' });
    expect(check((date as { payload: unknown }).payload)).toMatchObject({ ok: false });
  });

  it('is not sent when its toJSON throws', () => {
    const thrower = {
      toJSON: () => {
        throw new TypeError('hunter2');
      },
    };
    expect(sender(Greeting).toWire(thrower)).toEqual(failure('transform', 'writing Greeting threw TypeError'));
  });
});

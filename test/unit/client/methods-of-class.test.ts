import { format, inspect, isDeepStrictEqual, types } from 'node:util';
import fc from 'fast-check';
import { isObservable } from 'rxjs';
import { Task, type TaskClient, TaskQueue, UnknownTaskError } from '../../../src';
import { startApp, stopApps, uniqueName } from '../../support/apps';

const queue = uniqueName('methods');

class Base {
  inherited(): void {}
}
@TaskQueue(queue)
class EmailTasks extends Base {
  @Task({ payload: 'unchecked' }) sendWelcome(_payload: unknown): void {}
  @Task({ payload: 'none' }) inspectMailbox(): void {}
  helper(): void {}
  onModuleInit(): void {}
  toJSON(): string {
    return 'the handler';
  }
  get property(): never {
    throw new Error('a getter of the class was called');
  }
}

let client: TaskClient;
beforeAll(async () => {
  ({ client } = await startApp({ url: 'memory:', tasks: [EmailTasks], consume: false }));
});
afterAll(stopApps);

// biome-ignore lint/suspicious/noExplicitAny: whatever may be asked of an object is asked.
const methods = (): any => client.of(EmailTasks);

describe('the methods of a class are like any object to', () => {
  it.each<[string, (object: ReturnType<typeof methods>) => unknown, unknown]>([
    ['a template literal', (object) => `${object}`, '[object Object]'],
    ['String()', (object) => String(object), '[object Object]'],
    ['Number()', (object) => Number(object), Number.NaN],
    ['JSON.stringify', (object) => JSON.stringify({ object }), '{"object":{}}'],
    ['Object.keys', (object) => Object.keys(object).sort(), ['inspectMailbox', 'sendWelcome']],
    ['spread', (object) => Object.keys({ ...object }).sort(), ['inspectMailbox', 'sendWelcome']],
    ['in', (object) => ['sendWelcome' in object, 'helper' in object, 'x' in object], [true, false, false]],
    ['instanceof', (object) => [object instanceof EmailTasks, object instanceof Object], [false, true]],
    ['isDeepStrictEqual', (object) => isDeepStrictEqual(object, object), true],
    ['isPromise', (object) => types.isPromise(object), false],
    ['isObservable', (object) => isObservable(object), false],
    ['Symbol.toPrimitive', (object) => object[Symbol.toPrimitive], undefined],
    ['Symbol.iterator', (object) => object[Symbol.iterator], undefined],
    ['its constructor', (object) => object.constructor, Object],
    ['Array.isArray', (object) => Array.isArray(object), false],
    ['a matcher of Jest', (object) => object.asymmetricMatch, undefined],
    ['a name that nobody can have meant', (object) => object.xyzzy, undefined],
    ['a getter of its class', (object) => object.property, undefined],
  ])('%s', (_who, ask, answer) => {
    expect(ask(methods())).toEqual(answer);
  });

  it('util.inspect, console.log', () => {
    for (const print of [inspect, (value: unknown) => inspect(value, { showProxy: true, showHidden: true })]) {
      expect(print(methods())).toContain('sendWelcome');
    }
    expect(format('%o %O %s %j', methods(), methods(), methods(), methods())).toContain('sendWelcome');
  });

  it('await and promises', async () => {
    expect(await methods()).toBe(methods());
    expect(await Promise.resolve(methods())).toBe(methods());
  });

  it('structuredClone, which refuses functions as ever', () => {
    expect(() => structuredClone(methods())).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
  });

  it('expect and its messages', () => {
    expect(methods()).toEqual(methods());
    expect(methods()).not.toEqual({});
    expect(() => expect(methods()).toEqual({ other: 1 })).toThrow('sendWelcome');
    expect(() => expect(methods()).toBe(1)).toThrow('sendWelcome');
    expect(methods()).toMatchObject({ sendWelcome: expect.any(Function) });
  });

  it('spies', async () => {
    const spied = jest.spyOn(methods(), 'sendWelcome').mockResolvedValue('stand-in' as never);
    await expect(methods().sendWelcome({})).resolves.toBe('stand-in');
    spied.mockRestore();
    await expect(methods().inspectMailbox()).resolves.toMatchObject({ queue });
  });

  it('containers: hooks of the class are not hooks of this', () => {
    expect(methods().onModuleInit).toBeUndefined();
    expect(methods().toJSON).toBeUndefined();
  });

  it('whatever name is read, with whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('helper', 'sendWelcom', 'inspec', 'welcome')), (name) => {
        expect(() => methods()[name]).not.toThrow();
        expect(() => Reflect.has(methods(), name)).not.toThrow();
        expect(() => Object.getOwnPropertyDescriptor(methods(), name)).not.toThrow();
      }),
    );
  });
});

describe('calling what is no task', () => {
  it.each([
    ['helper', 'The method has no @Task: add one, or call another method.'],
    ['inherited', 'The method has no @Task: add one, or call another method.'],
    ['sendWelcom', 'Did you mean "sendWelcome"?'],
    ['SendWelcome', 'Did you mean "sendWelcome"?'],
    ['inspectMailBox', 'Did you mean "inspectMailbox"?'],
  ])('%s says what is wrong, and what to do', (name, remedy) => {
    const told = `Unknown task "EmailTasks.${name}". ${remedy} Tasks of EmailTasks are: sendWelcome, inspectMailbox.`;
    expect(() => methods()[name]({})).toThrow(UnknownTaskError);
    expect(() => methods()[name]({})).toThrow(told);
    expect(() => methods()[name].many([])).toThrow(told);
  });
});

/** Throws at every look: `instanceof`, `typeof x.y`, `Object.keys`, `String(x)`. */
export function throwingProxy(): object {
  const refuse = (): never => {
    throw new Error('do not look at me');
  };
  return new Proxy(
    {},
    { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse },
  );
}

export function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

export function withThrowingGetters(...keys: readonly string[]): object {
  const get = (): never => {
    throw new Error('no');
  };
  return Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, { get, enumerable: true }])));
}

function circularError(): Error {
  const error = new Error('round and round');
  error.cause = error;
  return error;
}

/** What people, and people's libraries, throw. */
export const HOSTILE_VALUES: readonly (readonly [label: string, value: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'out of paper'],
  ['an empty string', ''],
  ['NaN', Number.NaN],
  ['a bigint', 10n],
  ['a symbol', Symbol('oops')],
  ['a function', () => undefined],
  ['an object without a prototype', Object.create(null)],
  ['a frozen error', Object.freeze(new Error('frozen'))],
  ['an error that is its own cause', circularError()],
  [
    'an object whose getters throw',
    withThrowingGetters('name', 'message', 'code', 'constructor', 'warrenSignal', 'kind'),
  ],
  ['an object whose fields are of other types', { name: {}, message: [], code: Symbol('code'), constructor: null }],
  ['a proxy that throws', throwingProxy()],
  ['a revoked proxy', revokedProxy()],
];

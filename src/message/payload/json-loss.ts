const MAP_OR_SET = 'a Map or Set cannot be sent; give a plain object or an array';
const NOT_A_NUMBER = 'NaN and Infinity cannot be sent, JSON has no such numbers; leave it out, or give null';

/** What is lost of a value that is no object, in words, or `undefined`: JSON has it as it is. */
export function lossOfPrimitive(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : NOT_A_NUMBER;
    case 'function':
    case 'symbol':
      return `a ${typeof value} cannot be sent`;
    case 'bigint':
      return 'a bigint cannot be written as JSON; send it as a string';
    default:
      return undefined;
  }
}

/** What is lost of an object as such, whatever its keys hold; `undefined`: nothing. Arrays and plain objects lose nothing. */
export function lossOfObject(value: object): string | undefined {
  const proto: unknown = Object.getPrototypeOf(value);
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return lossByToJson(value);
  if (proto === Object.prototype || proto === null || Array.isArray(value)) return undefined;
  return lossOfInstance(value);
}

/** What is lost of an object that is more than its keys, by its kind. */
export function lossOfKind(value: object): string | undefined {
  if (ArrayBuffer.isView(value)) return bytes(value);
  const loss = LOSS_BY_TAG.get(Object.prototype.toString.call(value).slice('[object '.length, -1));
  return typeof loss === 'function' ? loss(value) : loss;
}

/** Of an instance only its own keys are sent. */
function lossOfInstance(value: object): string | undefined {
  if (Object.keys(value).length > 0) return lossOfKind(value);
  return (
    lossOfKind(value) ?? `an instance of ${nameOf(value)} without keys of its own cannot be sent; it would arrive as {}`
  );
}

function lossByToJson(value: object): string {
  if (value instanceof Date) {
    return 'a Date cannot be sent here, since it would arrive as a text; give its toISOString(), or declare the property with @Type(() => Date)';
  }
  if (ArrayBuffer.isView(value)) return bytes(value);
  return `an object with toJSON (${nameOf(value)}) cannot be sent here, since it would arrive as something else; give what its toJSON() returns`;
}

const bytes = (value: object): string =>
  `bytes (${nameOf(value)}) cannot be sent; give a text, such as Buffer.from(bytes).toString('base64')`;

function nameOf(value: object): string {
  const type: unknown = value.constructor;
  return typeof type === 'function' && type.name !== '' ? type.name.slice(0, 60) : 'a class';
}

const BOXED = 'an object around a text, number or boolean cannot be sent; give the value itself';

/** By the name that the language gives the kind: `instanceof` fails for objects of another realm, such as Jest's. */
const LOSS_BY_TAG = new Map<string, string | ((value: object) => string)>([
  ['Map', MAP_OR_SET],
  ['Set', MAP_OR_SET],
  ['WeakMap', MAP_OR_SET],
  ['WeakSet', MAP_OR_SET],
  ['ArrayBuffer', bytes],
  ['SharedArrayBuffer', bytes],
  ['Error', 'an Error cannot be sent; give its message'],
  ['RegExp', 'a RegExp cannot be sent; give its source'],
  ['Promise', 'a Promise cannot be sent; await it'],
  ['String', BOXED],
  ['Number', BOXED],
  ['Boolean', BOXED],
  ['BigInt', BOXED],
  ['Symbol', BOXED],
]);

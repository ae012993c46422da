/** A table or array of headers does not fit one frame: amqplib encodes it into a buffer of this many bytes. */
const MAX_TABLE_BYTES = 65_536;
const MAX_KEY_BYTES = 255;
/** Values that amqplib hands over as they came, with their AMQP type. All others become what JavaScript has. */
const KEPT_TYPES: ReadonlySet<string> = new Set(['timestamp', 'decimal']);

/** Counts the bytes that a table takes on the wire. */
interface Budget {
  left: number;
}

/**
 * Copies headers as a broker would give them back: through AMQP's field table and out again. `undefined` is left out,
 * class instances become plain tables, `{ '!': 'int', value: 1 }` becomes `1`.
 *
 * @throws TypeError for what AMQP has no type for, RangeError when the table is too large.
 */
export function copyTable(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return copyFields(table, { left: MAX_TABLE_BYTES });
}

function copyFields(table: Readonly<Record<string, unknown>>, budget: Budget): Record<string, unknown> {
  spend(budget, 4);
  const copy: Record<string, unknown> = {};
  for (const key in table) {
    const value = table[key];
    if (value === undefined) continue;
    const keyBytes = Buffer.byteLength(key);
    if (keyBytes > MAX_KEY_BYTES)
      throw new RangeError(`a header's name has ${keyBytes} bytes, AMQP allows ${MAX_KEY_BYTES}`);
    spend(budget, 1 + keyBytes);
    setOwn(copy, key, copyValue(value, budget));
  }
  return copy;
}

/** A header may be named `__proto__`: assigned plainly, it would become the copy's prototype. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function copyValue(value: unknown, budget: Budget): unknown {
  spend(budget, 1);
  switch (typeof value) {
    case 'string':
      spend(budget, 4 + Buffer.byteLength(value));
      return value;
    case 'boolean':
      spend(budget, 1);
      return value;
    case 'number':
      return copyNumber(value, budget);
    case 'object':
      return value === null ? null : copyObject(value, budget);
    default:
      throw new TypeError(`AMQP has no type for a header of type ${typeof value}`);
  }
}

/** Whole numbers travel as 64-bit integers at most, so there is no -0; others as doubles. */
function copyNumber(value: number, budget: Budget): number {
  spend(budget, 8);
  // RabbitMQ closes the whole connection over an infinite double (541 INTERNAL_ERROR).
  if (value === Number.POSITIVE_INFINITY) throw new RangeError('a header cannot hold an infinite number');
  const isInteger = !(value >= 2 ** 63 || (Math.abs(value) < 2 ** 50 && Math.floor(value) !== value));
  if (!isInteger) return value;
  if (!(value >= -(2 ** 63))) throw new RangeError(`a header cannot hold the number ${value}`);
  return value === 0 ? 0 : value;
}

function copyObject(value: object, budget: Budget): unknown {
  if (Array.isArray(value)) {
    spend(budget, 4);
    return value.map((item) => copyValue(item, budget));
  }
  if (Buffer.isBuffer(value)) {
    spend(budget, 4 + value.length);
    return Buffer.from(value);
  }
  const table = value as Readonly<Record<string, unknown>>;
  return Object.hasOwn(table, '!') ? copyTyped(table, budget) : copyFields(table, budget);
}

function copyTyped(table: Readonly<Record<string, unknown>>, budget: Budget): unknown {
  const type = String(table['!']);
  if (!KEPT_TYPES.has(type)) return copyValue(table['value'], budget);
  spend(budget, 8);
  return { '!': type, value: structuredClone(table['value']) };
}

function spend(budget: Budget, bytes: number): void {
  budget.left -= bytes;
  if (budget.left < 0) throw new RangeError(`the headers take more than ${MAX_TABLE_BYTES} bytes`);
}

import { truncateBytes } from '../errors/describe-thrown';

/** An option's value in a few words, for "got …" in messages. Never shows what an object holds. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(truncateBytes(value, 80));
    case 'function':
      return value.name === '' ? 'a function' : `the function or class ${value.name}`;
    case 'object':
      if (value === null) return 'null';
      if (isInvalidDate(value)) return 'an invalid Date';
      return Array.isArray(value) ? 'an array' : 'an object';
    default:
      return String(value);
  }
}

function isInvalidDate(value: object): boolean {
  try {
    return Number.isNaN(Date.prototype.getTime.call(value));
  } catch {
    // It is no Date.
    return false;
  }
}

/**
 * Ends a switch over all kinds of something. A kind that is added and not handled there does not compile; one that comes
 * from outside of the types throws.
 *
 * @throws TypeError
 */
export function assertNever(value: never): never {
  const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : value;
  throw new TypeError(`Nothing is decided for the kind ${JSON.stringify(kind)}.`);
}

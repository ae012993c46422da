import { assertNever } from '../../../src/errors/assert-never';

it.each([
  [{ kind: 'brand-new' }, '"brand-new"'],
  ['brand-new', '"brand-new"'],
  [null, 'null'],
])('names the kind of %j, which types do not know', (value, shown) => {
  expect(() => assertNever(value as never)).toThrow(new TypeError(`Nothing is decided for the kind ${shown}.`));
});

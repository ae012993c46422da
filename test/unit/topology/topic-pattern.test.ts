import fc from 'fast-check';
import { compileTopicPattern } from '../../../src/topology/topic-pattern';

it.each([
  ['order.paid', 'order.paid', true],
  ['order.paid', 'order.paid.eu', false],
  ['order.paid', 'Order.paid', false],
  ['order.*', 'order.paid', true],
  ['order.*', 'order', false],
  ['order.*', 'order.paid.eu', false],
  ['order.*', 'order.', true],
  ['*', 'order', true],
  ['*', '', false],
  ['*.*', '.', true],
  ['*', '.', false],
  ['#', '', true],
  ['#', '.', true],
  ['#', 'order.paid', true],
  ['#.#', '', true],
  ['#.#', 'order', true],
  ['#.*', '', false],
  ['#.*', 'order', true],
  ['*.#', 'order', true],
  ['*.#', '', false],
  ['*.#.*', 'order', false],
  ['*.#.*', 'order.paid', true],
  ['order.#', 'order', true],
  ['order.#', 'order.paid.eu', true],
  ['order.#', 'orders.paid', false],
  ['#.eu', 'eu', true],
  ['#.eu', 'order.paid.eu', true],
  ['#.eu', 'order.eu.paid', false],
  ['order.#.eu', 'order.eu', true],
  ['order.#.eu', 'order.eu.paid.eu', true],
  ['order.#.eu', 'order', false],
  ['#.a.#.b.#', 'x.a.y.b.z', true],
  ['#.a.#.b.#', 'x.b.y.a.z', false],
  ['#.a.b', 'a.a.b', true],
  ['', '', true],
  ['', 'order', false],
  ['a..b', 'a..b', true],
  ['a.*.b', 'a..b', true],
  ['a.#.b', 'a..b', true],
  ['a*', 'ab', false],
  ['a*', 'a*', true],
  ['a#.*', 'a#.b', true],
  ['a#.#', 'ab', false],
  ['order', 'constructor', false],
])('the pattern "%s" takes the key "%s": %s', (pattern, key, taken) => {
  expect(compileTopicPattern(pattern)(key)).toBe(taken);
});

describe('against the definition, tried word by word', () => {
  const words = (word: fc.Arbitrary<string>) => fc.array(word, { maxLength: 7 }).map((list) => list.join('.'));
  const patterns = words(fc.constantFrom('a', 'b', '', '*', '#'));
  const keys = words(fc.constantFrom('a', 'b', ''));

  it('takes the same keys', () => {
    fc.assert(
      fc.property(patterns, keys, (pattern, key) => {
        expect(compileTopicPattern(pattern)(key)).toBe(takes(split(pattern), split(key)));
      }),
      { numRuns: 2_000 },
    );
  });

  const split = (text: string): string[] => (text === '' ? [] : text.split('.'));

  function takes([word, ...pattern]: string[], key: string[]): boolean {
    if (word === undefined) return key.length === 0;
    const [first, ...rest] = key;
    if (word === '#') return takes(pattern, key) || (first !== undefined && takes([word, ...pattern], rest));
    return first !== undefined && (word === '*' || word === first) && takes(pattern, rest);
  }
});

it('needs no more time for a hostile pattern than its length allows', () => {
  const takes = compileTopicPattern(`${'#.a.'.repeat(60)}b`);
  const key = Array.from({ length: 127 }, () => 'a').join('.');
  // Trying every split would not end in this universe; the test's timeout is the oracle.
  expect(takes(key)).toBe(false);
  expect(takes(`${key}.b`)).toBe(true);
});

import fc from 'fast-check';
import { describeThrown, truncateBytes } from '../../../src/errors/describe-thrown';
import { HOSTILE_VALUES, withThrowingGetters } from '../support/hostile-values';

class PaperJam extends Error {
  override readonly name = 'PaperJam';
  readonly code = 'E_JAM';
}

describe('describeThrown', () => {
  it.each<[string, unknown, object]>([
    ['an error', new TypeError('no such tray'), { name: 'TypeError', message: 'no such tray' }],
    ['an error with a code', new PaperJam('tray 2'), { name: 'PaperJam', message: 'tray 2', code: 'E_JAM' }],
    [
      'a numeric code',
      Object.assign(new Error('gone'), { code: 404 }),
      { name: 'Error', message: 'gone', code: '404' },
    ],
    ['a string', 'out of paper', { name: 'string', message: 'out of paper' }],
    ['undefined', undefined, { name: 'undefined', message: 'undefined' }],
    ['null', null, { name: 'null', message: 'null' }],
    ['a symbol', Symbol('oops'), { name: 'symbol', message: 'Symbol(oops)' }],
    ['an instance without a message', new Map(), { name: 'Map', message: '(unreadable)' }],
    ['an object without a prototype', Object.create(null), { name: 'object', message: '(unreadable)' }],
    ['getters that throw', withThrowingGetters('name', 'message', 'code'), { name: 'Object', message: '(unreadable)' }],
  ])('describes %s', (_label, thrown, expected) => {
    expect(describeThrown(thrown)).toEqual(expected);
  });

  it.each(HOSTILE_VALUES)('survives %s', (_label, thrown) => {
    const told = describeThrown(thrown);
    expect(typeof told.name).toBe('string');
    expect(typeof told.message).toBe('string');
    expect(Object.isFrozen(told)).toBe(true);
  });

  it('cuts a message of 5 MB, a name and a code to their budgets', () => {
    const huge = 'é'.repeat(2_500_000);
    const told = describeThrown({ name: huge, message: huge, code: huge });
    expect(Buffer.byteLength(told.message)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(told.name)).toBeLessThanOrEqual(100);
    expect(Buffer.byteLength(told.code ?? '')).toBeLessThanOrEqual(60);
    expect(Buffer.byteLength(describeThrown(huge, 50).message)).toBeLessThanOrEqual(50);
  });

  it('never throws and keeps to its budget, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (thrown) => {
        expect(Buffer.byteLength(describeThrown(thrown, 64).message)).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe('truncateBytes', () => {
  it.each([
    ['a text that fits', 'paper', 5, 'paper'],
    ['one byte too many', 'papers', 5, 'pa…'],
    ['two-byte characters', 'éééééé', 8, 'éé…'],
    ['a character that would be split', 'aéééééé', 8, 'aéé…'],
    ['an emoji that would be split', 'ab😀😀', 9, 'ab😀…'],
    ['an emoji at the very edge of the budget', 'abcd😀', 7, 'abcd…'],
  ])('cuts %s', (_label, text, maxBytes, expected) => {
    expect(truncateBytes(text, maxBytes)).toBe(expected);
  });

  it('gives the text itself or a beginning of it, within the budget', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 3, max: 60 }), (text, maxBytes) => {
        const cut = truncateBytes(text, maxBytes);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        if (Buffer.byteLength(text) <= maxBytes) expect(cut).toBe(text);
        else expect(text.startsWith(cut.slice(0, -1)) && cut.endsWith('…')).toBe(true);
      }),
    );
  });
});

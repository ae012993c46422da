import { join } from 'node:path';
import fc from 'fast-check';
import { describeFailure, describeThrown, truncateBytes } from '../../../src/errors/describe-thrown';
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

describe('describeFailure', () => {
  it('says where it was thrown, without the message', () => {
    const error = new Error('line one\n    at the second line');
    expect(describeFailure(new Error('jam')).stack).toMatch(/^at .*describe-thrown\.test\.ts/);
    expect(describeFailure(error).stack).toContain('describe-thrown.test.ts');
    expect(describeFailure('a string')).toEqual({ name: 'string', message: 'a string' });
  });

  it('names what led to it, nearest first, the many errors of an AggregateError among it', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const all = new AggregateError([refused, new TypeError('no route')], 'all hosts failed', { cause: 'the network' });
    const failed = new TypeError('fetch failed', { cause: all });
    expect(describeFailure(failed).causes).toEqual([
      { name: 'AggregateError', message: 'all hosts failed' },
      { name: 'string', message: 'the network' },
      { name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
      { name: 'TypeError', message: 'no route' },
    ]);
  });

  it('follows a circle once, and endless chains to their eighth cause', () => {
    const circle = new Error('circle');
    circle.cause = new Error('its cause', { cause: circle });
    expect(describeFailure(circle).causes).toEqual([{ name: 'Error', message: 'its cause' }]);
    let chain = new Error('0');
    for (let link = 1; link < 50; link++) chain = new Error(String(link), { cause: chain });
    expect(describeFailure(chain).causes).toHaveLength(8);
    expect(describeFailure(new AggregateError(Array.from({ length: 1_000 }, () => chain))).causes).toHaveLength(8);
  });

  it.each(HOSTILE_VALUES)('survives %s', (_label, thrown) => {
    expect(describeFailure(thrown)).toMatchObject(describeThrown(thrown));
  });

  it('ends a stack where Warren called the code that failed', () => {
    const own = join(__dirname, '../../../src');
    const stack = [
      'Error: full',
      '    at EmailTasks.send (/shop/dist/email.tasks.js:1:1)',
      `    at #invoke (${own}/worker/delivery-processor.js:2:2)`,
      '    at timed (/shop/dist/middleware.js:3:3)',
      `    at #call (${own}/worker/delivery-processor.js:4:4)`,
      '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      `    at async work (${own}/worker/delivery-processor.js:5:5)`,
    ];
    expect(describeFailure({ name: 'Error', message: 'full', stack: stack.join('\n') }).stack?.split('\n')).toEqual(
      stack.slice(1, 4).map((line) => line.trim()),
    );
  });

  it('keeps the whole stack where only code of Warren and Node failed', () => {
    const own = join(__dirname, '../../../src');
    const frames = [
      `at #timeOut (${own}/worker/running-task.js:1:1)`,
      'at listOnTimeout (node:internal/timers:581:17)',
    ];
    const stack = `Error: late\n    ${frames.join('\n    ')}`;
    expect(describeFailure({ name: 'Error', message: 'late', stack }).stack).toBe(frames.join('\n'));
  });

  it('keeps a stack of 5 MB to 4 KiB, and its control characters out', () => {
    const stack = `Error: huge\n${'    at \u001b[2Jé\u0000\n'.repeat(500_000)}`;
    const told = describeFailure({ name: 'Error', message: 'huge', stack });
    expect(Buffer.byteLength(told.stack ?? '')).toBeLessThanOrEqual(4096);
    expect(told.stack).not.toContain('\u0000');
    expect(told.stack).not.toContain('\u001b');
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

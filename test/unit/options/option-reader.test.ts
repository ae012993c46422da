import { OptionReader } from '../../../src/options/option-reader';

const RANGE = { minMs: 1, maxMs: 1_000, words: 'from 1ms to 1s' };

function read(options: unknown): { reader: OptionReader; problems: string[] } {
  const problems: string[] = [];
  return { reader: new OptionReader(options, 'Mail.send', problems), problems };
}

describe('OptionReader', () => {
  it('reads what is there and right', () => {
    const { reader, problems } = read({ count: 3, ratio: 0.5, wait: '250ms', kind: 'b', on: false, list: [1] });
    expect(reader.wholeNumber('count', 1, 3)).toBe(3);
    expect(reader.number('ratio', 0, 1)).toBe(0.5);
    expect(reader.duration('wait', RANGE)).toBe(250);
    expect(reader.oneOf('kind', ['a', 'b'])).toBe('b');
    expect(reader.flag('on')).toBe(false);
    expect(reader.list('list', 'an array')).toEqual([1]);
    expect(problems).toEqual([]);
  });

  it.each([undefined, {}, { count: undefined, wait: undefined, kind: undefined, on: undefined, list: undefined }])(
    'reads nothing from %j, without a problem',
    (options) => {
      const { reader, problems } = read(options);
      expect([
        reader.wholeNumber('count', 1, 3),
        reader.duration('wait', RANGE),
        reader.oneOf('kind', ['a']),
        reader.flag('on'),
        reader.list('list', 'an array'),
      ]).toEqual([undefined, undefined, undefined, undefined, undefined]);
      expect(problems).toEqual([]);
    },
  );

  it('notes what is wrong and reads on', () => {
    const { reader, problems } = read({ count: '3', ratio: Number.NaN, wait: '2s', kind: 'c', on: 1, list: {} });
    reader.wholeNumber('count', 1, 3);
    reader.number('ratio', 0, 1);
    reader.duration('wait', RANGE);
    reader.oneOf('kind', ['a', 'b']);
    reader.flag('on');
    reader.list('list', 'an array of numbers');
    expect(problems).toEqual([
      'Mail.send: count must be a whole number from 1 to 3, got "3"',
      'Mail.send: ratio must be a number from 0 to 1, got NaN',
      `Mail.send: wait must be a duration ('250ms', '5s', '10m', '2h', '7d' or a number of milliseconds) from 1ms to 1s, got "2s"`,
      `Mail.send: kind must be one of 'a', 'b', got "c"`,
      'Mail.send: on must be true or false, got 1',
      'Mail.send: list must be an array of numbers, got an object',
    ]);
  });

  it('refuses unknown keys, with the nearest name or all of them', () => {
    const { reader, problems } = read({ timeOut: 1, priority: 2, JSON: 3, timeout: 4 });
    reader.refuseUnknown(['timeout', 'queue']);
    expect(problems).toEqual([
      'Mail.send: unknown option "timeOut": did you mean "timeout"?',
      'Mail.send: unknown option "priority": valid are timeout, queue',
      'Mail.send: unknown option "JSON": valid are timeout, queue',
    ]);
  });

  it('reads own keys only', () => {
    const { reader } = read(Object.create({ count: 3 }));
    expect(reader.value('count')).toBeUndefined();
    expect(reader.value('toString')).toBeUndefined();
  });

  it('names the place of nested options', () => {
    const { reader, problems } = read({ rules: [{ maxAttempts: 0 }, 5, undefined] });
    reader.list('rules', 'an array')?.forEach((rule, index) => {
      const nested = reader.nested(`rules[${index}]`, rule);
      nested?.wholeNumber('maxAttempts', 1, 3);
      nested?.refuseUnknown(['maxAttempts']);
    });
    expect(problems).toEqual([
      'Mail.send: rules[0].maxAttempts must be a whole number from 1 to 3, got 0',
      'Mail.send: rules[1] must be an object, got 5',
      'Mail.send: rules[2] must be an object, got undefined',
    ]);
  });

  it.each([
    [null, 'null'],
    [5, '5'],
    [[], 'an array'],
    ['fast', '"fast"'],
  ])('says once that options must be an object, not %j', (options, got) => {
    const { reader, problems } = read(options);
    reader.refuseUnknown([]);
    expect(reader.value('length')).toBeUndefined();
    expect(problems).toEqual([`Mail.send: the options must be an object, got ${got}`]);
  });
});

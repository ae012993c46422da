import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { createConsoleLogger } from '../../../src/app/console-logger';
import { letterJson, letterTable, letterText } from '../../../src/cli/letter-view';
import { createCommandLogger } from '../../../src/cli/log-format';
import { Output, type Terminal, terminalJson } from '../../../src/cli/output';
import { runCommandLine } from '../../../src/cli/run';
import { formatTable } from '../../../src/cli/table';
import type { DeadLetter } from '../../../src/dead-letter/dead-letter';
import { escapedLine, printable, printableJson, printableLines } from '../../../src/text/printable';
import { formatTopology } from '../../../src/topology/format';

/** By Unicode's own tables, written down apart from the code: what nobody may write to a terminal. */
const HIDDEN_RANGES: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
];
const hiddenCodePoint = fc.constantFrom(...HIDDEN_RANGES).chain(([from, to]) => fc.integer({ min: from, max: to }));
const hidden = hiddenCodePoint.map((code) => String.fromCodePoint(code));
/** Any text, with much that is hidden in it. */
const hostile = fc
  .array(
    fc.oneof(
      hidden,
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('a', ' ', '\n', '\u001b[31m', '日', '❤\uFE0F'),
    ),
  )
  .map((parts) => parts.join(''));

function hiddenIn(text: string, allowed = ''): string[] {
  const shown = text.replaceAll(
    /\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?(?:\u200D\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?)*/gu,
    '',
  );
  return [...shown].filter((char) => {
    const code = char.codePointAt(0) ?? 0;
    return !allowed.includes(char) && HIDDEN_RANGES.some(([from, to]) => code >= from && code <= to);
  });
}

it('spells out every hidden code point there is, and no other', () => {
  const kept: number[] = [];
  for (const [from, to] of HIDDEN_RANGES) {
    for (let code = from; code <= to; code++) {
      if ([0x9, 0xa, 0xd].includes(code)) continue;
      const char = String.fromCodePoint(code);
      if (printable(`a${char}b`) !== `a\\u{${code.toString(16)}}b`) kept.push(code);
      const json = JSON.stringify({ [char]: char });
      if (hiddenIn(printableJson(json)).length > 0) kept.push(code);
      expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json));
    }
  }
  expect(kept).toEqual([]);
  expect(printable('a\n\t\r\nb')).toBe('a b');
});

it.each(['plain', 'Grüße, Ω, 日本語, عربى, עברית, हिन्दी', '👍🏽 👩‍👩‍👧 ❤️ 🏳️‍🌈', 'C:\\temp "quoted"'])(
  'leaves alone what people read: %s',
  (text) => {
    expect(printable(text)).toBe(text);
    expect(printableJson(JSON.stringify(text))).toBe(JSON.stringify(text));
  },
);

it('keeps an emoji together, and nothing else', () => {
  expect(printable('a\u200db ❤\ufe0f 1\ufe0f')).toBe('a\\u{200d}b ❤\ufe0f 1\\u{fe0f}');
});

describe('whatever a text holds, nothing hidden is written', () => {
  const property = (write: (text: string) => string, allowed = '') =>
    fc.assert(
      fc.property(hostile, (text) => {
        expect(hiddenIn(write(text), allowed)).toEqual([]);
      }),
    );

  it('on one line', () => property(printable));
  it('on several lines', () => property(printableLines, '\n'));
  it('in a line of a log', () => property(escapedLine));
  it('in a table', () => property((text) => formatTable(['A', 'B'], [[text, 'b']], { columns: 40 }), '\n'));
  it('by a command, but for colours', () =>
    property((text) => {
      const { output, written } = terminal();
      output.print(text);
      output.note(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what may be there.
      return written().replaceAll(/\u001b\[[\d;]+m/g, '');
    }, '\n'));
  it('as the JSON of a command, which is parsed to the same', () =>
    fc.assert(
      fc.property(hostile, fc.boolean(), (text, compact) => {
        const { output, written } = terminal(true);
        output.printJson({ [text]: [text] }, compact);
        expect(hiddenIn(written(), '\n')).toEqual([]);
        expect(JSON.parse(written())).toEqual(JSON.parse(JSON.stringify({ [text]: [text] })));
      }),
    ));
  it('by the console logger', () =>
    property((text) => {
      const lines: string[] = [];
      createConsoleLogger('info', (line) => lines.push(line)).info({ [text]: { deep: [text] } }, text);
      return lines.join('|');
    }));
  it.each([true, false])("in the worker's log, on a terminal: %s", (isTTY) =>
    property((text) => {
      const { output, written } = terminal(false, isTTY);
      createCommandLogger('info', output).info({ [text]: text, deep: { [text]: text } }, text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what may be there.
      return written().replaceAll(/\u001b\[[\d;]+m/g, '');
    }, '\n'),
  );
  it('in a dead letter, as text, table and JSON', () =>
    property((text) => {
      const { output } = terminal();
      const letter = letterOf(text);
      return [letterText(letter, output), letterTable([letter], 0, 80), terminalJson(letterJson(letter), true)].join(
        '\n',
      );
    }, '\n'));
  it.each(['text', 'json', 'definitions', 'mermaid'] as const)('in a topology as %s', (format) =>
    property((text) => {
      const queues = [{ name: `q${text}`, arguments: { [`x-${text}`]: text } }];
      const exchanges = [{ name: `e${text}`, type: 'topic' as const, arguments: {}, declare: true }];
      const bindings = [
        { source: `e${text}`, destination: `q${text}`, destinationType: 'queue' as const, routingKey: text },
      ];
      return formatTopology({ queues, exchanges, bindings }, format);
    }, '\n'),
  );
});

it('escapes what the command line itself quotes', async () => {
  const evil = '--\u202eevil\u009b\u001b[2J';
  const { all, written } = terminal();
  expect(await runCommandLine(['dead', 'list', evil], all, {}, '/')).toBe(2);
  expect(hiddenIn(written(), '\n')).toEqual([]);
  expect(written()).toContain('\\u{202e}evil');
});

function letterOf(text: string): DeadLetter {
  return {
    queue: text,
    id: text,
    task: text,
    reason: text as DeadLetter['reason'],
    attempt: 1,
    replays: 0,
    diedAt: new Date(0),
    enqueuedAt: undefined,
    error: { attempt: 1, at: text, error: text, message: text },
    failures: [
      {
        attempt: 1,
        at: text,
        error: text,
        message: text,
        stack: text,
        causes: [{ name: text, message: text, code: text }],
      },
    ],
    headersLeftOut: [text],
    problems: [{ path: text, rule: text, message: text }],
    headers: { [text]: text },
    body: Buffer.from(JSON.stringify({ [text]: text })),
    original: Buffer.from(text),
  } as unknown as DeadLetter;
}

function terminal(json = false, isTTY = false) {
  let text = '';
  const write = (part: string): boolean => {
    text += part;
    return true;
  };
  const stream = Object.assign(new PassThrough(), {
    write,
    isTTY,
    columns: 80,
    hasColors: () => isTTY,
    getColorDepth: () => (isTTY ? 8 : 1),
  });
  const all = { stdin: {}, stdout: stream, stderr: stream } as unknown as Terminal;
  return { all, output: new Output(all, json), written: () => text };
}

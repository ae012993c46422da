import { createConsoleLogger } from '../../../src/app/console-logger';
import { LOG_LEVELS, type LogLevel, SILENT_LOGGER } from '../../../src/events/logger';

const NOW = new Date('2026-01-01T00:00:00.000Z');

function linesOf(level: LogLevel, log: (logger: ReturnType<typeof createConsoleLogger>) => void): string[] {
  const lines: string[] = [];
  log(
    createConsoleLogger(
      level,
      (line) => lines.push(line),
      () => NOW,
    ),
  );
  return lines;
}

it('writes time, level, message and fields', () => {
  const lines = linesOf('info', (logger) => logger.warn({ queue: 'emails', attempt: 2 }, 'task failed'));
  expect(lines).toEqual(['2026-01-01T00:00:00.000Z WARN  task failed {"queue":"emails","attempt":2}']);
});

it.each<[LogLevel, readonly string[]]>([
  ['debug', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
  ['info', ['INFO', 'WARN', 'ERROR']],
  ['warn', ['WARN', 'ERROR']],
  ['error', ['ERROR']],
])('writes at level %s: %j', (level, written) => {
  const lines = linesOf(level, (logger) => {
    for (const each of LOG_LEVELS) logger[each]({}, 'x');
  });
  expect(lines.map((line) => line.split(/ +/)[1])).toEqual(written);
});

it.each<[string, string, string]>([
  ['a forged line', 'a\r\n2026 ERROR forged', 'a\\u000d\\u000a2026 ERROR forged'],
  ['a terminal’s colours', '\u001b[31mred', '\\u001b[31mred'],
  ['a terminal’s 8-bit commands', '\u009b31m', '\\u009b31m'],
  ['a backspace and a delete', 'a\b\u007f', 'a\\u0008\\u007f'],
  ['Unicode’s line ends', 'a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
])('escapes %s, in the message and in the fields', (_label, hostile, escaped) => {
  const [line = ''] = linesOf('info', (logger) => logger.error({ error: hostile, [hostile]: 1 }, hostile));
  expect(line.startsWith(`2026-01-01T00:00:00.000Z ERROR ${escaped} {`)).toBe(true);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  const fields = JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>;
  expect(fields).toEqual({ error: hostile, [hostile]: 1 });
});

it.each<[string, Record<string, unknown>]>([
  ['hold themselves', circle()],
  ['hold a bigint', { value: 10n }],
])('writes its line even where the fields %s', (_label, fields) => {
  expect(linesOf('info', (logger) => logger.error(fields, 'odd'))).toEqual([
    expect.stringMatching(/ERROR odd \{"unreadable":".*"\}$/),
  ]);
});

it('can be silent', () => {
  for (const level of LOG_LEVELS) expect(SILENT_LOGGER[level]({}, 'x')).toBeUndefined();
});

function circle(): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  fields['self'] = fields;
  return fields;
}

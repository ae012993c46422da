import type { DeadLetter } from '../dead-letter/dead-letter';
import { jsonText, prettyJson, RawJson } from '../message/json-text';
import type { TaskFailure } from '../task/context';
import { printable, printableLines } from '../text/printable';
import type { Output } from './output';
import { formatTable } from './table';

/** A letter as JSON: the payload as it came where it is JSON, else as `body` in base64. */
export function letterJson(letter: DeadLetter): Record<string, unknown> {
  const { body, payload: _payload, original, diedAt, enqueuedAt, error, ...rest } = letter;
  return {
    ...rest,
    ...(error === undefined ? {} : { error }),
    ...(diedAt === undefined ? {} : { diedAt: diedAt.toISOString() }),
    ...(enqueuedAt === undefined ? {} : { enqueuedAt: enqueuedAt.toISOString() }),
    ...payloadJson('payload', 'body', body),
    ...(original === undefined ? {} : payloadJson('originalPayload', 'originalBody', original)),
  };
}

function payloadJson(name: string, rawName: string, body: Buffer): Record<string, unknown> {
  const text = jsonText(body);
  return text === undefined ? { [rawName]: body.toString('base64') } : { [name]: new RawJson(text) };
}

/** How long ago, in one unit: `4m`, `3h`, `12d`. */
export function formatAge(ms: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
  ];
  const [unit, size] = units.find(([, unitMs]) => ms >= unitMs) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(ms / size))}${unit}`;
}

/**
 * Letters as a table: oldest first, as they stand. Where the terminal is too narrow, the queue and the error have a line of
 * their own, so that task, reason and id can be read.
 */
export function letterTable(
  letters: readonly DeadLetter[],
  now: number,
  columns: number | undefined,
  style: (style: 'red' | 'yellow', text: string) => string = (_style, text) => text,
): string {
  const rows = letters.map((letter) => [
    letter.diedAt === undefined ? '?' : formatAge(now - letter.diedAt.getTime()),
    letter.queue,
    letter.task ?? '?',
    letter.reason,
    letter.id ?? '?',
    whatWentWrong(letter),
  ]);
  return formatTable(['AGE', 'QUEUE', 'TASK', 'REASON', 'ID', 'ERROR'], rows, {
    columns,
    right: [0],
    second: [1, 5],
    style: (text, _row, column) => (column === 3 ? style('yellow', text) : column === 5 ? style('red', text) : text),
  });
}

function whatWentWrong({ error, problems }: DeadLetter): string {
  if (error !== undefined) return `${error.error}: ${error.message}`;
  return problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

/** One letter with everything in it. */
export function letterText(letter: DeadLetter, output: Output): string {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['id', letter.id],
    ['task', letter.task],
    ['queue', letter.queue],
    ['reason', letter.reason],
    ['attempt', String(letter.attempt)],
    ['died', letter.diedAt?.toISOString()],
    ['enqueued', letter.enqueuedAt?.toISOString()],
    ['replays', letter.replays === 0 ? undefined : String(letter.replays)],
    ['headers', Object.keys(letter.headers).length === 0 ? undefined : JSON.stringify(letter.headers)],
    ['left out', letter.headersLeftOut?.join(', ')],
  ];
  const lines = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${output.style('dim', name.padEnd(9))} ${printable(value)}`],
  );
  const failures = letter.failures.flatMap(failureLines);
  const problems = letter.problems.map(({ path, message }) => `  ${printable(`${path}: ${message}`)}`);
  return [
    ...lines,
    ...section('failures', failures, output),
    ...section('problems', problems, output),
    ...section('payload', [bodyText(letter.body)], output),
    ...(letter.original === undefined
      ? []
      : section('payload before it was edited', [bodyText(letter.original)], output)),
  ].join('\n');
}

function failureLines({ attempt, at, error, message, stack, causes = [] }: TaskFailure): readonly string[] {
  return [
    printable(`  attempt ${attempt}, ${at}  ${error}: ${message}`),
    // The stack is of the error above it, not of a cause.
    ...(stack ?? '').split('\n').flatMap((line) => (line === '' ? [] : [`      ${printable(line)}`])),
    ...causes.map((cause) => `    caused by ${printable(`${cause.code ?? cause.name}: ${cause.message}`)}`),
  ];
}

function section(title: string, lines: readonly string[], output: Output): readonly string[] {
  return lines.length === 0 ? [] : [output.style('dim', title), ...lines];
}

function bodyText(body: Buffer): string {
  const text = jsonText(body);
  return printableLines(text === undefined ? body.toString('utf8') : prettyJson(text));
}

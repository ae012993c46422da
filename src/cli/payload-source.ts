import { createReadStream, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { hasRoundedInteger } from '../message/json-text';
import { UsageError } from './usage-error';

/** One payload, or why a line is none. */
export type SourcedPayload =
  | { readonly ok: true; readonly payload: unknown; readonly line: number | undefined }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/** Where the payloads of `warren enqueue` come from. */
export type PayloadSource =
  | { readonly kind: 'one'; readonly payload: unknown }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<SourcedPayload> };

/** Files of one JSON document a line. */
const LINES_FILE = /\.(?:jsonl|ndjson)$/i;

/**
 * Reads the argument: JSON text, `@file` (JSON, or JSON Lines by its name), `-` for JSON Lines from standard input;
 * nothing means no payload.
 *
 * @throws UsageError when it is no JSON or no file.
 */
export function openPayloadSource(argument: string | undefined, stdin: NodeJS.ReadableStream): PayloadSource {
  if (argument === undefined) return { kind: 'one', payload: undefined };
  if (argument === '-') return { kind: 'lines', lines: parseLines(stdin) };
  if (!argument.startsWith('@')) return { kind: 'one', payload: parseArgument(argument, 'the payload') };
  const path = argument.slice(1);
  if (LINES_FILE.test(path)) return { kind: 'lines', lines: parseLines(openFile(path)) };
  return { kind: 'one', payload: parseArgument(readFile(path), path) };
}

function parseArgument(text: string, what: string): unknown {
  const parsed = parseJson(text);
  if (parsed.ok) return parsed.value;
  throw new UsageError(
    parsed.problem === INVALID
      ? `${what} is ${INVALID}. Quote it for your shell: '{"to":"ada@example.com"}'`
      : `${what} ${parsed.problem}`,
  );
}

// Never the parser's message, nor a number: they are the payload.
const INVALID = 'not valid JSON';
const ROUNDED = 'has a whole number above 2^53, which JavaScript would round: give it as a text, "9007199254740993"';

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

function parseJson(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    return hasRoundedInteger(text) ? { ok: false, problem: ROUNDED } : { ok: true, value };
  } catch {
    return { ok: false, problem: INVALID };
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function openFile(path: string): NodeJS.ReadableStream {
  try {
    // Opened here, so that a missing file is told at once and not in the middle of a stream.
    return createReadStream(path, { fd: openSync(path, 'r'), encoding: 'utf8' });
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UsageError {
  return new UsageError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'it failed'}`);
}

async function* parseLines(stream: NodeJS.ReadableStream): AsyncGenerator<SourcedPayload> {
  let line = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === '') continue;
    const parsed = parseJson(text);
    if (parsed.ok) yield { ok: true, payload: parsed.value, line };
    else yield { ok: false, line, problem: parsed.problem };
  }
}

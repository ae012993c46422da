import { createReadStream, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
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
  // Never the parser's message: it quotes the payload.
  if (!parsed.ok)
    throw new UsageError(`${what} is not valid JSON. Quote it for your shell: '{"to":"ada@example.com"}'`);
  return parsed.value;
}

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
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
    else yield { ok: false, line, problem: 'not valid JSON' };
  }
}

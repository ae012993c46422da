import { textHeader } from './headers';
import type { MessageHeaders } from './wire';

/** What a W3C `traceparent` says. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** The last bit of the flags says that the trace is sampled. */
const ODD_DIGITS = '13579bdf';
/** Where the parts of version 00 end: its number, the trace, the span, the flags. */
const END = { version: 2, trace: 35, span: 52, flags: 55 } as const;

/**
 * Reads a W3C `traceparent`; `undefined` where it is none. Version 00 and what begins like it, as the W3C has later versions
 * read: https://www.w3.org/TR/trace-context/#versioning-of-traceparent
 *
 * By hand: this runs for every message of a service with traces, and a regular expression takes five times as long.
 */
export function parseTraceparent(header: string | undefined): TraceParent | undefined {
  if (header === undefined || !isTraceparent(header)) return undefined;
  const spanId = header.slice(END.trace + 1, END.span);
  return {
    traceId: traceIdOfTraceparent(header),
    spanId,
    isSampled: ODD_DIGITS.includes(header.charAt(END.flags - 1)),
  };
}

/** @param header - a valid one. */
export const traceIdOfTraceparent = (header: string): string => header.slice(END.version + 1, END.trace);

/** Whether it is valid; a later version may have more at its end. */
export function isTraceparent(header: string): boolean {
  return (
    (header.length === END.flags || header[END.flags] === '-') &&
    !header.startsWith('ff') &&
    areDigits(header, 0, END.version) &&
    header[END.version] === '-' &&
    areDigitsAndNotZero(header, END.version + 1, END.trace) &&
    header[END.trace] === '-' &&
    areDigitsAndNotZero(header, END.trace + 1, END.span) &&
    header[END.span] === '-' &&
    areDigits(header, END.span + 1, END.flags)
  );
}

const areDigits = (text: string, from: number, to: number): boolean => kinds(text, from, to) < OTHER;

function areDigitsAndNotZero(text: string, from: number, to: number): boolean {
  const found = kinds(text, from, to);
  return found < OTHER && found !== ZERO;
}

/** Kinds of characters, a bit each: the digit 0, another hexadecimal digit in lower case, anything else. */
const ZERO = 1;
const DIGIT = 2;
const OTHER = 4;
const KIND = Uint8Array.from({ length: 128 }, (_, code) => kindOf(String.fromCharCode(code)));

function kindOf(character: string): number {
  if (character === '0') return ZERO;
  return /[1-9a-f]/.test(character) ? DIGIT : OTHER;
}

/** The kinds that stand there. By a table: comparing each code takes three times as long. */
function kinds(text: string, from: number, to: number): number {
  let found = 0;
  for (let at = from; at < to; at++) found |= KIND[text.charCodeAt(at)] ?? OTHER;
  return found;
}

/** The trace that a message belongs to, whoever traces it. */
export function traceIdOf(headers: MessageHeaders | undefined): string | undefined {
  return headers === undefined ? undefined : parseTraceparent(textHeader(headers, 'traceparent'))?.traceId;
}

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

/** Version 00 and what begins like it, as the W3C has later versions read: https://www.w3.org/TR/trace-context/#versioning-of-traceparent */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Reads a W3C `traceparent`; `undefined` where it is none. */
export function parseTraceparent(header: string | undefined): TraceParent | undefined {
  if (header === undefined) return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The trace that a message belongs to, whoever traces it. */
export function traceIdOf(headers: MessageHeaders | undefined): string | undefined {
  return headers === undefined ? undefined : parseTraceparent(textHeader(headers, 'traceparent'))?.traceId;
}
